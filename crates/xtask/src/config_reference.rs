//! The reference of all settings in `docs/`, as the server prints it.

use std::fs;
use std::process::Command;

use anyhow::{Context, bail};

use crate::tree;

/// Writes the file, or checks that it is what would be written.
pub(crate) fn run(check: bool) -> anyhow::Result<()> {
    let root = tree::root();
    let printed = Command::new(env!("CARGO"))
        .args(["run", "--quiet", "-p", "yanshu-server", "--", "config-reference"])
        .current_dir(&root)
        .output()
        .context("cannot run the server")?;
    if !printed.status.success() {
        bail!("the server did not print its reference: {}", String::from_utf8_lossy(&printed.stderr));
    }
    let wanted = String::from_utf8(printed.stdout).context("the reference is not text")?;
    let target = root.join("docs/configuration.md");
    if check {
        let present =
            fs::read_to_string(&target).with_context(|| format!("cannot read {}", target.display()))?;
        if present != wanted {
            bail!("docs/configuration.md is not current: run `cargo run -p xtask -- config-reference`");
        }
        return Ok(());
    }
    fs::write(&target, wanted).with_context(|| format!("cannot write {}", target.display()))
}
