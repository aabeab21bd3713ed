//! What the content filter costs for each message, with a list of ten thousand words.

use std::fmt::Write;
use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use yanshu_protocol::Content;
use yanshu_server::filter::WordList;

/// Ten thousand different words, half of Latin letters and half of Chinese characters.
fn words() -> String {
    let mut list = String::new();
    let mut seed = 7_u32;
    for number in 0..10_000 {
        for _ in 0..2 + number % 4 {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let letter = match number % 2 {
                0 => char::from(b'a' + u8::try_from((seed >> 16) % 26).unwrap_or_default()),
                _ => char::from_u32(0x4e00 + (seed >> 16) % 3000).unwrap_or('字'),
            };
            list.push(letter);
        }
        let _ = writeln!(list, "{number}");
    }
    list
}

fn cost(c: &mut Criterion) {
    let list = WordList::read(words().as_bytes()).expect("the list is good");
    let english = "see you at the station at half past seven, and bring the blue umbrella ";
    let chinese = "七点半在车站见,别忘了带那把蓝色的雨伞。";
    let typed = |text: &str| Content::Text(format!("{{\"_lctype\":-1,\"_lctext\":\"{text}\"}}").into());
    let first = words().lines().next().unwrap_or_default().to_owned();
    let cases = [
        ("a sentence", typed(english)),
        ("a sentence in Chinese", typed(chinese)),
        ("a sentence with a hit", typed(&format!("{english}{first}"))),
        ("a text of 5 KB", typed(&english.repeat(70))),
        ("5 KB that are no typed message", Content::Text(english.repeat(70).into())),
    ];
    let mut group = c.benchmark_group("filter, 10,000 words");
    for (name, content) in cases {
        group.bench_function(name, |b| b.iter(|| list.censor(black_box(&content))));
    }
    group.finish();
}

criterion_group!(benches, cost);
criterion_main!(benches);
