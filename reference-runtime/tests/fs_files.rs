//! Files and folders do what std's do.
#![cfg(all(unix, not(reference_runtime_loom)))]

mod common;

use std::collections::HashSet;
use std::ffi::{OsStr, OsString};
use std::io::{self, IoSlice, IoSliceMut, SeekFrom};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, DirEntryExt, MetadataExt, OpenOptionsExt, PermissionsExt};

use common::folder::Folder;
use futures::{StreamExt, TryStreamExt};
use reference_runtime::fs::{self, DirBuilder, File, OpenOptions};
use reference_runtime::io::prelude::*;
use reference_runtime::{block_on, task};

#[test]
fn a_hundred_files_are_read_at_once() {
    let folder = Folder::new();
    for number in 0..100 {
        std::fs::write(folder.join(number.to_string()), number.to_string().repeat(1000))
            .expect("it is written");
    }
    block_on(async {
        let reads: Vec<_> =
            (0..100).map(|number| task::spawn(fs::read_to_string(folder.join(number.to_string())))).collect();
        for (number, read) in reads.into_iter().enumerate() {
            assert_eq!(read.await.expect("it is there"), number.to_string().repeat(1000));
        }
    });
}

#[test]
fn the_cursor_is_where_stds_would_be() -> io::Result<()> {
    let folder = Folder::new();
    block_on(async {
        let mut file = File::create_new(folder.join("file")).await?;
        // A second descriptor of the same open file sees the same cursor, through std.
        let mut std = file.try_clone().await?.into_std()?;
        let mut position = || io::Seek::stream_position(&mut std);
        file.write_all(b"0123456789").await?;
        assert_eq!(position()?, 10);
        assert_eq!(file.seek(SeekFrom::Start(2)).await?, 2);
        let mut two = [0; 2];
        file.read_exact(&mut two).await?;
        assert_eq!((&two, position()?), (b"23", 4));
        // Reading and writing alternate without a seek in between.
        file.write_all(b"xy").await?;
        assert_eq!((file.stream_position().await?, position()?), (6, 6));
        assert_eq!(file.seek(SeekFrom::Current(-1)).await?, 5);
        assert_eq!(file.seek(SeekFrom::End(5)).await?, 15);
        file.write_all(b"!").await?;
        assert_eq!(fs::read(folder.join("file")).await?, b"0123xy6789\0\0\0\0\0!");
        let before_the_start = file.seek(SeekFrom::Current(-100)).await.expect_err("there is nothing");
        assert_eq!(before_the_start.kind(), io::ErrorKind::InvalidInput);
        assert_eq!(position()?, 16);
        file.set_len(3).await?;
        assert_eq!(position()?, 16);
        assert_eq!(file.read(&mut two).await?, 0);
        Ok(())
    })
}

#[test]
fn what_is_appended_goes_to_the_end_wherever_the_cursor_is() -> io::Result<()> {
    let folder = Folder::new();
    let path = folder.join("log");
    block_on(async {
        let mut first = OpenOptions::new().append(true).create(true).open(&path).await?;
        let mut second = File::options().append(true).read(true).open(&path).await?;
        first.write_all(b"one\n").await?;
        second.write_all(b"two\n").await?;
        second.seek(SeekFrom::Start(0)).await?;
        second.write_all(b"three\n").await?;
        first.write_all(b"four\n").await?;
        assert_eq!(fs::read_to_string(&path).await?, "one\ntwo\nthree\nfour\n");
        // From many tasks, each line is whole.
        let writers: Vec<_> = (0..20)
            .map(|number| {
                let mut log = first.clone();
                task::spawn(async move {
                    for _ in 0..50 {
                        log.write_all(format!("{}\n", number.to_string().repeat(300)).as_bytes()).await?;
                    }
                    Ok::<_, io::Error>(())
                })
            })
            .collect();
        for writer in writers {
            writer.await?;
        }
        let lines = fs::read_to_string(&path).await?;
        let numbered = lines.lines().skip(4);
        assert_eq!(numbered.clone().count(), 1000);
        for line in numbered {
            assert!((0..20).any(|number| line == i32::to_string(&number).repeat(300)), "{line}");
        }
        Ok(())
    })
}

#[test]
fn the_end_is_not_for_ever() -> io::Result<()> {
    let folder = Folder::new();
    block_on(async {
        let mut writer = File::create(folder.join("growing")).await?;
        let mut reader = File::open(folder.join("growing")).await?;
        for piece in [b"data", b"more"] {
            let mut buf = [0; 8];
            assert_eq!(reader.read(&mut buf).await?, 0);
            writer.write_all(piece).await?;
            assert_eq!(reader.read(&mut buf).await?, 4);
            assert_eq!(&buf[..4], piece);
        }
        Ok(())
    })
}

#[test]
fn several_buffers_are_read_and_written_in_one_call() -> io::Result<()> {
    let folder = Folder::new();
    block_on(async {
        let mut file = File::create_new(folder.join("file")).await?;
        let written =
            file.write_vectored(&[IoSlice::new(b"abc"), IoSlice::new(b""), IoSlice::new(b"defg")]).await?;
        assert_eq!(written, 7);
        file.seek(SeekFrom::Start(0)).await?;
        let (mut two, mut ten) = ([0; 2], [0; 10]);
        let read = file.read_vectored(&mut [IoSliceMut::new(&mut two), IoSliceMut::new(&mut ten)]).await?;
        assert_eq!((read, &two, &ten[..5]), (7, b"ab", b"cdefg".as_slice()));
        Ok(())
    })
}

#[test]
fn clones_and_references_are_the_same_open_file() -> io::Result<()> {
    let folder = Folder::new();
    std::fs::write(folder.join("file"), "abcdef")?;
    block_on(async {
        let file = File::open(folder.join("file")).await?;
        let mut clone = file.clone();
        let mut buf = [0; 2];
        for expected in [b"ab", b"cd"] {
            (&file).read_exact(&mut buf).await?;
            assert_eq!(&buf, expected);
        }
        clone.read_exact(&mut buf).await?;
        assert_eq!(&buf, b"ef");
        // Still there for the clone.
        drop(file.into_std()?);
        assert_eq!(clone.read(&mut buf).await?, 0);
        Ok(())
    })
}

#[test]
fn names_need_not_be_utf8() -> io::Result<()> {
    let folder = Folder::new();
    let name = OsStr::from_bytes(b"caf\xe9 \xff");
    block_on(async {
        match fs::write(folder.join(name), "text").await {
            // Some file systems of other Unixes want UTF-8.
            Err(_) if !cfg!(target_os = "linux") => return Ok(()),
            written => written?,
        }
        let entry = fs::read_dir(folder.path()).await?.next_entry().await?.expect("there is one");
        assert_eq!(entry.file_name(), name);
        assert_eq!(entry.ino(), fs::metadata(entry.path()).await?.ino());
        assert!(entry.file_type().await?.is_file());
        assert_eq!(entry.metadata().await?.len(), 4);
        assert_eq!(fs::read(entry.path()).await?, b"text");
        Ok(())
    })
}

/// What std says of the same call.
fn same_error<T, U>(ours: io::Result<T>, std: io::Result<U>) -> io::Error {
    let (ours, std) = (ours.err().expect("it cannot work"), std.err().expect("neither does std's"));
    assert_eq!((ours.kind(), ours.raw_os_error()), (std.kind(), std.raw_os_error()));
    assert_eq!(ours.to_string(), std.to_string());
    ours
}

#[test]
fn errors_are_those_of_std() -> io::Result<()> {
    let folder = Folder::new();
    block_on(async {
        let gone = folder.join("gone");
        let error = same_error(File::open(&gone).await, std::fs::File::open(&gone));
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
        same_error(fs::read_to_string(&gone).await, std::fs::read_to_string(&gone));
        same_error(fs::metadata(&gone).await, std::fs::metadata(&gone));
        same_error(fs::read_dir(&gone).await, std::fs::read_dir(&gone));
        same_error(fs::rename(&gone, folder.join("x")).await, std::fs::rename(&gone, folder.join("x")));
        same_error(fs::remove_file(folder.path()).await, std::fs::remove_file(folder.path()));
        same_error(fs::create_dir(folder.path()).await, std::fs::create_dir(folder.path()));
        same_error(fs::read(folder.path()).await, std::fs::read(folder.path()));
        same_error(OpenOptions::new().open(&gone).await, std::fs::OpenOptions::new().open(&gone));
        assert!(!fs::exists(&gone).await?);

        fs::unix::symlink("loop", folder.join("loop")).await?;
        same_error(fs::metadata(folder.join("loop")).await, std::fs::metadata(folder.join("loop")));
        same_error(fs::try_exists(folder.join("loop")).await, std::fs::exists(folder.join("loop")));
        same_error(fs::canonicalize(folder.join("loop")).await, std::fs::canonicalize(folder.join("loop")));
        assert!(fs::symlink_metadata(folder.join("loop")).await?.is_symlink());
        assert_eq!(fs::read_link(folder.join("loop")).await?, OsString::from("loop"));

        // A file that was opened to read cannot be written.
        std::fs::write(folder.join("file"), "text")?;
        let mut file = File::open(folder.join("file")).await?;
        same_error(
            file.write_all(b"x").await,
            io::Write::write_all(&mut std::fs::File::open(folder.join("file"))?, b"x"),
        );
        std::fs::write(folder.join("binary"), b"\xff")?;
        let error = fs::read_to_string(folder.join("binary")).await.expect_err("it is not UTF-8");
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
        Ok(())
    })
}

#[test]
fn permissions_are_obeyed_as_with_std() -> io::Result<()> {
    let folder = Folder::new();
    let path = folder.join("secret");
    block_on(async {
        drop(OpenOptions::new().write(true).create_new(true).mode(0o640).open(&path).await?);
        assert_eq!(fs::metadata(&path).await?.permissions().mode() & 0o777 & !0o640, 0);
        fs::set_permissions(&path, PermissionsExt::from_mode(0o000)).await?;
        // The superuser may do everything; so compare.
        match std::fs::File::open(&path) {
            Ok(_) => drop(File::open(&path).await?),
            std => {
                let error = same_error(File::open(&path).await, std);
                assert_eq!(error.kind(), io::ErrorKind::PermissionDenied);
            }
        }
        DirBuilder::new().recursive(true).mode(0o700).create(folder.join("a/b")).await?;
        assert_eq!(fs::metadata(folder.join("a/b")).await?.permissions().mode() & 0o777, 0o700);
        Ok(())
    })
}

#[test]
fn a_file_that_was_removed_can_be_used_until_it_is_closed() -> io::Result<()> {
    let folder = Folder::new();
    block_on(async {
        let mut file = File::create_new(folder.join("file")).await?;
        fs::remove_file(folder.join("file")).await?;
        file.write_all(b"still here").await?;
        file.seek(SeekFrom::Start(0)).await?;
        let mut text = String::new();
        file.read_to_string(&mut text).await?;
        assert_eq!(text, "still here");
        assert_eq!(file.metadata().await?.nlink(), 0);
        Ok(())
    })
}

#[test]
fn a_large_file_is_read_whole() -> io::Result<()> {
    const LENGTH: usize = 64 << 20;
    let folder = Folder::new();
    block_on(async {
        // Without blocks of its own, so that it costs no disk.
        let mut file = File::create_new(folder.join("large")).await?;
        file.set_len(LENGTH as u64).await?;
        file.seek(SeekFrom::End(-4)).await?;
        file.write_all(b"last").await?;
        let whole = fs::read(folder.join("large")).await?;
        assert_eq!((whole.len(), &whole[LENGTH - 4..]), (LENGTH, b"last".as_slice()));
        file.seek(SeekFrom::Start(0)).await?;
        let mut again = Vec::new();
        file.read_to_end(&mut again).await?;
        assert!(whole == again);
        assert_eq!(fs::copy(folder.join("large"), folder.join("copy")).await?, LENGTH as u64);
        Ok(())
    })
}

#[test]
fn a_folder_of_ten_thousand_entries_is_read_whole() -> io::Result<()> {
    let folder = Folder::new();
    for number in 0..10_000 {
        std::fs::File::create(folder.join(number.to_string()))?;
    }
    block_on(async {
        let names: HashSet<_> =
            fs::read_dir(folder.path()).await?.map_ok(|entry| entry.file_name()).try_collect().await?;
        assert_eq!(names.len(), 10_000);
        // Several may read it at once, each at its own pace.
        let (mut one, mut two) = (fs::read_dir(folder.path()).await?, fs::read_dir(folder.path()).await?);
        let mut count = 0;
        while let (Some(_), Some(_)) = (one.next_entry().await?, two.next().await.transpose()?) {
            count += 1;
        }
        assert_eq!(count, 10_000);
        Ok(())
    })
}

#[test]
fn a_future_that_was_never_polled_has_done_nothing() -> io::Result<()> {
    let folder = Folder::new();
    block_on(async {
        drop(fs::write(folder.join("file"), "text"));
        drop(fs::remove_dir_all(folder.path()));
        drop(OpenOptions::new().write(true).create(true).open(folder.join("file")));
        assert!(fs::read_dir(folder.path()).await?.next_entry().await?.is_none());
        Ok(())
    })
}

/// On threads that are no workers.
#[test]
fn files_work_without_a_runtime() -> io::Result<()> {
    let folder = Folder::new();
    // The block_on of the first stage knows of nothing but this thread.
    reference_runtime::stages::s1_block_on::block_on(async {
        let mut file = File::create_new(folder.join("file")).await?;
        for _ in 0..1000 {
            file.write_all(b"0123456789").await?;
        }
        assert_eq!(fs::read(folder.join("file")).await?.len(), 10_000);
        Ok(())
    })
}
