//! The fuzz corpus as an ordinary test: what the fuzz targets check, over every input that was ever kept.

use std::fs;
use std::path::Path;

#[path = "../../../fuzz/checks.rs"]
mod checks;

fn over_the_corpus(name: &str, check: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(name);
    let mut inputs = 0;
    for entry in fs::read_dir(&folder).expect("the corpus is there") {
        let path = entry.expect("the folder can be listed").path();
        check(&fs::read(path).expect("an input can be read"));
        inputs += 1;
    }
    assert!(inputs >= 10, "{} is a corpus", folder.display());
}

#[test]
fn commands_hold() {
    over_the_corpus("commands", checks::commands);
}

#[test]
fn events_hold() {
    over_the_corpus("events", checks::events);
}

#[test]
fn frames_hold() {
    over_the_corpus("frames", checks::frames);
}
