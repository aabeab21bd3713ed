//! The language of patterns: what JavaScript, Java and PCRE share, and the choices where they differ.

use super::{Engine, Flags, Pattern};
use crate::query::{Budget, FilterError};

fn compile(source: &str, flags: &str) -> Pattern {
    Pattern::compile(source, Flags::parse(flags).unwrap()).unwrap_or_else(|error| panic!("{source}: {error}"))
}

fn matches(source: &str, flags: &str, text: &str) -> bool {
    compile(source, flags).is_match(text, &mut Budget::default()).unwrap()
}

/// The same pattern, made to run on the backtracking engine by a look-ahead that always holds.
fn matches_backtracking(source: &str, flags: &str, text: &str) -> bool {
    let pattern = compile(&format!("(?=)(?:{source})"), flags);
    assert!(matches!(pattern.engine, Engine::Backtracking(_)));
    pattern.is_match(text, &mut Budget::default()).unwrap()
}

/// Each row: pattern, options, texts it matches, texts it does not.
type Row = (&'static str, &'static str, &'static [&'static str], &'static [&'static str]);

const REGULAR: &[Row] = &[
    ("", "", &["", "a"], &[]),
    ("a|b", "", &["xb"], &["c"]),
    ("a|", "", &["c"], &[]),
    ("^(ab)+$", "", &["ab", "abab"], &["", "aba"]),
    ("^a{2}$", "", &["aa"], &["a", "aaa"]),
    ("^a{2,}$", "", &["aa", "aaaa"], &["a"]),
    ("^a{1,2}?$", "", &["a", "aa"], &["aaa"]),
    ("^a{0}b$", "", &["b"], &["ab"]),
    ("^a??b$", "", &["ab", "b"], &["aab"]),
    // Braces and brackets that are none.
    ("^a{,2}$", "", &["a{,2}"], &["aa"]),
    ("^{x}$", "", &["{x}"], &[]),
    ("^a{1$", "", &["a{1"], &["a"]),
    ("^]$", "", &["]"], &[]),
    // Escapes.
    (r"\/\-\.\_\ \%\教", "", &["/-._ %教"], &[]),
    (r"^\t\n\r\f\v\0\a\e$", "", &["\t\n\r\x0c\x0b\0\x07\x1b"], &[]),
    (r"^\x41\u0042\u{43}\x{1F600}\cA$", "", &["ABC😀\x01"], &[]),
    (r"^\ud83d\ude00$", "", &["😀"], &[]),
    // Shorthand sets are ASCII, but for white space.
    (r"^\d$", "", &["7"], &["٣", "a"]),
    (r"^\w$", "", &["_", "Z"], &["é", "教"]),
    (r"^\W\D\S$", "", &["教教教"], &["a教教", "教1教", "教教 "]),
    (r"^\s$", "", &["\u{3000}", "\u{a0}", "\t", "\u{feff}"], &["x"]),
    (r"\bcat\b", "", &["a cat.", "猫cat猫"], &["concat"]),
    // Sets.
    (r"^[a-c\d_.]$", "", &["b", "5", "_", "."], &["d", "-"]),
    (r"^[^a-c]$", "", &["d", "\n"], &["b"]),
    (r"^[-a]$", "", &["-", "a"], &["b"]),
    (r"^[a-]$", "", &["-", "a"], &["b"]),
    (r"^[\w-]$", "", &["-", "a"], &["."]),
    (r"^[\w-.]$", "", &["-", ".", "a"], &["~"]),
    (r"^[[]$", "", &["["], &["]"]),
    (r"^[a[b]$", "", &["[", "a", "b"], &["c"]),
    (r"^[a&&b]$", "", &["&", "a", "b"], &[]),
    (r"^[a~~b]$", "", &["~", "a", "b"], &["d"]),
    (r"^[\]\\\b]$", "", &["]", "\\", "\x08"], &["b"]),
    (r"^[[:alpha:]\s]$", "", &["a", " "], &["1", ":"]),
    (r"^[\Q]-\E]$", "", &["]", "-"], &["\\", "Q"]),
    (r"[^]", "", &["\n", "x"], &[""]),
    (r"[]", "", &[], &["", "]"]),
    (r"^[\u4e00-\u9fa5]+$", "", &["教育"], &["abc"]),
    (r"^\p{Han}\pL\P{L}$", "", &["教é1"], &["a教1"]),
    (r"^[\p{Greek}x]\p{^L}$", "", &["λ1", "x1"], &["a1", "λa"]),
    // Anchors: `$` is the very end.
    ("a$", "", &["ba"], &["a\n", "ab"]),
    ("^a$", "m", &["b\na\nb"], &["ba"]),
    (r"\Aa\z", "m", &["a"], &["b\na"]),
    // The dot leaves out the line feed only.
    ("^.$", "", &["x", "\r", "教"], &["\n"]),
    ("^.$", "s", &["\n"], &[]),
    // Letter case.
    ("^straße$", "i", &["STRAßE"], &["strasse"]),
    ("^[a-z]é$", "i", &["QÉ"], &["1É"]),
    ("^[^a]$", "i", &["b"], &["A"]),
    ("^a(?i)b(?-i)c$", "", &["abc", "aBc"], &["Abc", "abC"]),
    ("^a(?i:b)c$", "", &["aBc"], &["aBC"]),
    ("^(a(?i)b)c$", "", &["aBc"], &["aBC"]),
    // Free spacing.
    ("a b\t# a comment (\n c", "x", &["abc"], &["a b"]),
    ("a[ ]b\\ c", "x", &["a b c"], &["ab c"]),
    ("a +", "x", &["aa"], &["b"]),
    (r"\Qa b\E", "x", &["a b"], &["ab"]),
    ("a(?#comment)b", "", &["ab"], &[]),
    // Groups.
    ("^(?:a)(?<x>b)(?P<y>c)$", "", &["abc"], &[]),
    // Quoted sections.
    (r"^\Qa.c\E$", "", &["a.c"], &["abc"]),
    (r"^\Qab\E+$", "", &["abbb"], &["abab"]),
    (r"^a\Q\E+$", "", &["aa"], &["a+"]),
    (r"^\Q(*\E", "", &["(*"], &[]),
    (r"^a\E$", "", &["a"], &[]),
    (r"\Qa|b", "", &["a|b"], &["a", "b"]),
    (r"\Qa\E\\E\Qb\E", "", &[r"a\Eb"], &["aEb"]),
];

const BACKTRACKING: &[Row] = &[
    ("^((?!教育).)*$", "", &["电影", ""], &["大众教育论坛"]),
    ("a(?=b)", "", &["ab"], &["ac"]),
    ("(?<=a)b", "", &["ab"], &["cb", "b"]),
    ("(?<!a)b", "", &["cb", "b"], &["ab"]),
    ("(?<=a+b?)c", "", &["aaac", "abc"], &["bc"]),
    (r"^(?=.*\d)(?=.*[a-z]).{4,}$", "", &["abc1"], &["abcd", "1234", "a1"]),
    (r"(?<=^|,)x(?=,|$)", "", &["x", "a,x,b"], &["ax", "xa"]),
    (r"(\w)\1", "", &["hello"], &["helo"]),
    (r"^(?<q>['\u0022]).*\k<q>$", "", &["'a'", "\"a\""], &["'a\""]),
    (r"^(?P<q>a|b)(?P=q)$", "", &["aa"], &["ab"]),
    (r"(a)\1", "i", &["aA"], &["ab"]),
    (r"^(?:(a)|b)\1$", "", &["aa"], &["b", "bb"]),
    ("^a++b$", "", &["aab"], &["b"]),
    ("^a*+a$", "", &[], &["aa"]),
    ("^(?>a|ab)c$", "", &["ac"], &["abc"]),
    (r"\Bcat", "", &["concat"], &["a cat"]),
    (r"教|\B", "", &["a教1"], &["a"]),
    (r"a\Z", "", &["a", "a\n"], &["a\n\n", "ab"]),
    // A look-ahead that has matched is not tried in another way, and keeps its groups.
    (r"^(?=(a+))a*b\1$", "", &["aabaa"], &["aaba"]),
    (r"^(?=(a|ab))\1c$", "", &["ac"], &["abc"]),
    (r"^(?!(a)b)\1?.*$", "", &["ac"], &["ab"]),
    // Loops whose body can be empty end.
    (r"^(?:a*)*(?=b)b$", "", &["aab", "b"], &["c"]),
    (r"^(?:(?=a)|b)*a$", "", &["bba", "a"], &["c"]),
    ("(?=)(?:^|x)*y", "", &["xxy"], &["xx"]),
];

#[test]
fn regular_patterns_mean_the_same_on_both_engines() {
    // B-357, B-358, B-361, W-188
    for (source, flags, matching, failing) in REGULAR {
        assert!(matches!(compile(source, flags).engine, Engine::Linear(_)), "{source} is regular");
        for (texts, expected) in [(matching, true), (failing, false)] {
            for text in *texts {
                assert_eq!(matches(source, flags, text), expected, "/{source}/{flags} on {text:?}");
                if !source.contains("\\Q") && !flags.contains('x') {
                    let found = matches_backtracking(source, flags, text);
                    assert_eq!(found, expected, "/{source}/{flags} on {text:?}, backtracking");
                }
            }
        }
    }
}

#[test]
fn look_around_references_and_atomic_groups_work() {
    // B-358
    for (source, flags, matching, failing) in BACKTRACKING {
        assert!(matches!(compile(source, flags).engine, Engine::Backtracking(_)), "{source} backtracks");
        for (texts, expected) in [(matching, true), (failing, false)] {
            for text in *texts {
                assert_eq!(matches(source, flags, text), expected, "/{source}/{flags} on {text:?}");
            }
        }
    }
}

#[test]
fn a_bad_pattern_is_refused_with_what_is_wrong_where() {
    for (source, expected) in [
        ("(a", "a ( without a ) near character 2"),
        ("a)", "a ) without a ( near character 1"),
        ("[a", "a [ without a ] near character 2"),
        ("*a", "nothing to repeat near character 1"),
        ("a**", "nothing to repeat near character 2"),
        ("a{2}{3}", "nothing to repeat near character 5"),
        ("a{1001}", "a repetition of more than 1000 near character 1"),
        ("a{3,2}", "a repetition from more to less near character 1"),
        ("[b-a]", "a range from more to less near character 4"),
        ("a\\", "a \\ at the end near character 2"),
        (r"\y", "an unknown escape near character 2"),
        (r"\u12", "too few hex digits near character 4"),
        (r"\ud800", "an escape that is no character near character 6"),
        (r"\x{110000}", "an escape that is no character near character 10"),
        (r"\p{Nonsense}", "an unknown property near character 12"),
        (r"\1(a)", "a reference to a group that is not there near character 1"),
        (r"\k<x>", "a reference to a group that is not there near character 5"),
        ("(?R)", "an unknown kind of group near character 3"),
        ("(?<a>x)(?<a>y)", "a group name that is no word or is there twice near character 12"),
        ("(?#", "a comment without an end near character 3"),
    ] {
        let error = Pattern::compile(source, Flags::default()).expect_err(source);
        assert_eq!(error.to_string(), expected, "{source}");
    }
}

#[test]
fn a_pattern_over_its_bounds_is_refused() {
    for source in [
        "(".repeat(100),
        r"(?:\p{L}{1000}){1000}".to_owned(),
        "(?:(?:a{1000}){1000}){1000}".to_owned(),
        "(?=a)(?:(?:a{1000}){1000}){1000}".to_owned(),
        "(?=a)(?:(?:(?:){1000}){1000}){1000}".to_owned(),
        "(?:(?:(?:(?=a){1000}){1000}){1000}".to_owned(),
    ] {
        // Either the parser or a compiler says no; none builds it.
        assert!(Pattern::compile(&source, Flags::default()).is_err(), "{source}");
    }
}

#[test]
fn a_pattern_that_would_run_for_ever_ends_the_query() {
    // B-338: counted in steps, so the test says the same on every machine.
    let text = "a".repeat(5_000);
    for source in [
        r"(?=(a+)+$)\1b",
        r"(a*)*\1b",
        r"^(?:(?=a)a?){0,40}(a|aa)+\1b$",
        r"(?=.*b)a",
        r"(?:(?<=a+)a)+b",
        r"(?=[^]*b)a*c",
        r"^(a?){30}(?!)",
    ] {
        let pattern = compile(source, "");
        let mut budget = Budget::new(1_000_000);
        assert_eq!(pattern.is_match(&text, &mut budget), Err(FilterError::TooCostly), "{source}");
        assert_eq!(budget.left(), 0);
    }
}

#[test]
fn an_ordinary_look_ahead_on_a_long_text_is_no_bomb() {
    let text = "教".repeat(5_000);
    let mut budget = Budget::new(1_000_000);
    assert_eq!(compile("^((?!教育).)*$", "").is_match(&text, &mut budget), Ok(true));
}

#[test]
fn a_regular_pattern_with_many_states_costs_more_per_byte() {
    let text = "ab".repeat(4_000);
    let cost = |source: &str| {
        let mut budget = Budget::default();
        compile(source, "").is_match(&text, &mut budget).unwrap();
        Budget::default().left() - budget.left()
    };
    assert_eq!(cost("abc"), 2_001);
    assert!(cost("[ab]*a[ab]{900}c") > 100 * cost("abc"));
}
