//! Finds the script that draws the diagrams, so that the tool can carry it.
//!
//! mdbook-mermaid's package contains it, but its library does not hand it out. The copy that is taken from there
//! always fits the pinned version, and no minified file needs to be kept among the sources.

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
};

fn main() {
    println!("cargo::rerun-if-changed=tool/build.rs");
    println!("cargo::rerun-if-changed=../Cargo.lock");
    // Offline first: the package is there, for it was compiled or is about to be. Cargo may need the network all the
    // same, to complete the list for packages that this build does not use.
    let metadata =
        metadata(&["--offline"]).or_else(|_| metadata(&[])).unwrap_or_else(|error| panic!("{error}"));
    let packages = metadata["packages"].as_array().expect("cargo metadata lists packages");
    let manifest = packages
        .iter()
        .find(|package| package["name"] == "mdbook-mermaid")
        .and_then(|package| package["manifest_path"].as_str())
        .expect("the book depends on mdbook-mermaid");
    let script = Path::new(manifest).with_file_name("src").join("bin/assets/mermaid.min.js");
    assert!(script.is_file(), "mdbook-mermaid no longer contains {}", script.display());
    println!("cargo::rustc-env=MERMAID_SCRIPT={}", script.display());
}

fn metadata(options: &[&str]) -> Result<serde_json::Value, String> {
    let cargo = env::var_os("CARGO").expect("cargo sets it");
    let target = env::var_os("TARGET").expect("cargo sets it");
    let here = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let output = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--manifest-path"])
        .arg(here.join("Cargo.toml"))
        .arg("--filter-platform")
        .arg(target)
        .args(options)
        .output()
        .map_err(|error| format!("cargo metadata did not start: {error}"))?;
    if !output.status.success() {
        return Err(format!("cargo metadata failed: {}", String::from_utf8_lossy(&output.stderr)));
    }
    serde_json::from_slice(&output.stdout)
        .map_err(|error| format!("cargo metadata did not answer in JSON: {error}"))
}
