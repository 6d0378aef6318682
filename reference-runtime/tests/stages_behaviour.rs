//! smoke
use reference_runtime::{
    stages::{Front, Stage},
    time::sleep,
};
use std::time::Duration;
#[test]
fn smoke() {
    for stage in Stage::ALL {
        let front = Front::new(stage, 2).unwrap();
        println!("{stage}");
        assert_eq!(front.block_on(async { 1 }), 1);
        if stage >= Stage::S2Executor {
            let f = front.clone();
            let n = front.block_on(async move {
                let hs: Vec<_> = (0..1000)
                    .map(|n| {
                        let g = f.clone();
                        f.spawn(async move { g.spawn(async move { n }).await })
                    })
                    .collect();
                let mut s = 0;
                for h in hs {
                    s += h.await
                }
                s
            });
            assert_eq!(n, 499500);
        }
        if stage >= Stage::S4Reactor {
            front.block_on(front.spawn(async { sleep(Duration::from_millis(5)).await }));
            front.block_on(sleep(Duration::from_millis(5)));
        }
        if stage >= Stage::S5SpawnBlocking {
            assert_eq!(front.block_on(front.spawn_blocking(|| 7)), 7);
        }
        let w =
            if stage >= Stage::S2Executor { Some(front.spawn(std::future::pending::<()>())) } else { None };
        println!("{}", front.peak_threads());
        front.shutdown_timeout(Duration::from_secs(5)).unwrap();
        if let Some(w) = w {
            assert!(reference_runtime::block_on(w.join()).unwrap_err().is_cancelled());
        }
    }
}
