//! The content filter: an app's list of words, replaced by `***` in what its clients write (B-452 to B-457,
//! W-436, R-156).
//!
//! This room owns what a word list is and which part of a content it applies to, as pure functions. Where it
//! applies, and who is told, is the conversations' to say. It may touch nothing but the protocol's types.

mod typed;

use aho_corasick::{AhoCorasick, MatchKind};
use yanshu_protocol::Content;

/// What stands in the place of a listed word.
const STARS: &str = "***";

/// The words of one app, ready to be looked for: all of them in one pass over a text.
#[derive(Debug)]
pub struct WordList {
    words: AhoCorasick,
}

impl WordList {
    /// Reads a list: UTF-8, one word on a line. Space around a word and empty lines do not count.
    ///
    /// # Errors
    ///
    /// Says in words what is wrong: the text is no UTF-8, or the words are too many to be looked for at once.
    pub fn read(bytes: &[u8]) -> Result<Self, String> {
        let text = std::str::from_utf8(bytes).map_err(|error| {
            let line = bytes[..error.valid_up_to()].iter().filter(|byte| **byte == b'\n').count() + 1;
            format!("line {line} is not UTF-8")
        })?;
        // Some editors begin a file with a mark of its byte order.
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let words = text.lines().map(str::trim).filter(|word| !word.is_empty());
        AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostLongest)
            .ascii_case_insensitive(true)
            .build(words)
            .map(|words| Self { words })
            .map_err(|error| error.to_string())
    }

    /// How many words are listed.
    #[must_use]
    pub fn len(&self) -> usize {
        self.words.patterns_len()
    }

    /// Whether no word is listed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The content with every listed word replaced, or `None` if there is none in it. Where several words
    /// begin at one place the longest counts; the case of ASCII letters does not.
    ///
    /// In a typed message only `_lctext` is looked at, and every byte around it stays as it was sent (W-262);
    /// in any other text everything (B-454). Bytes that are no text are left alone.
    #[must_use]
    pub fn censor(&self, content: &Content) -> Option<Content> {
        let Content::Text(text) = content else { return None };
        if self.is_empty() {
            return None;
        }
        let censored = match typed::texts(text) {
            Some(spans) => typed::rewrite(text, &spans, |text| self.replace(text)),
            None => self.replace(text),
        };
        censored.map(|text| Content::Text(text.into()))
    }

    /// The text with every listed word replaced, or `None` if there is none in it.
    fn replace(&self, text: &str) -> Option<String> {
        let mut replaced = String::new();
        let mut copied = 0;
        for hit in self.words.find_iter(text) {
            replaced.push_str(&text[copied..hit.start()]);
            replaced.push_str(STARS);
            copied = hit.end();
        }
        // A word is never empty, so after a hit something is copied.
        (copied > 0).then(|| {
            replaced.push_str(&text[copied..]);
            replaced
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn list(words: &str) -> WordList {
        WordList::read(words.as_bytes()).unwrap()
    }

    /// What becomes of a text; the text itself if nothing does.
    fn censored(words: &str, text: &str) -> String {
        match list(words).censor(&Content::Text(text.into())) {
            Some(Content::Text(text)) => text.as_ref().to_owned(),
            Some(Content::Binary(_)) => panic!("text stays text"),
            None => text.to_owned(),
        }
    }

    #[test]
    fn each_listed_word_becomes_three_stars() {
        // B-452, R-156
        assert_eq!(censored("darn\n坏话", "darn it, 说坏话 darndarn"), "*** it, 说*** ******");
    }

    #[test]
    fn the_longest_word_at_a_place_counts_and_the_first_place_wins() {
        assert_eq!(censored("ab\nabcd\nbc", "abcd abc"), "*** ***c");
    }

    #[test]
    fn the_case_of_ascii_letters_does_not_count() {
        assert_eq!(censored("Darn", "dARN"), "***");
        assert_eq!(censored("é", "É"), "É");
    }

    #[test]
    fn a_list_is_one_word_a_line_with_space_and_empty_lines_ignored() {
        // B-455
        let words = list("\u{feff}one\r\n\r\n  two words \n\n");
        assert_eq!(words.len(), 2);
        assert_eq!(censored("  two words \n", "two words, two  words"), "***, two  words");
    }

    #[test]
    fn an_empty_list_filters_nothing() {
        // B-455
        assert!(list("").is_empty() && list("\n \n").is_empty());
        assert_eq!(list("").censor(&Content::Text("darn".into())), None);
    }

    #[test]
    fn a_list_that_is_no_utf8_is_refused_with_its_line() {
        assert_eq!(WordList::read(b"good\nbad\xff\n").unwrap_err(), "line 2 is not UTF-8");
    }

    #[test]
    fn in_a_typed_message_only_the_text_is_filtered_and_every_other_byte_stays() {
        // B-454, W-262, W-436
        let sent = "{ \"_lctype\" : -1,\"_lctext\":\"a darn \\u0041\\n\", \"_lcattrs\":{\"darn\":\"darn\"},\"n\":1.50e1 }";
        let kept =
            "{ \"_lctype\" : -1,\"_lctext\":\"a *** A\\n\", \"_lcattrs\":{\"darn\":\"darn\"},\"n\":1.50e1 }";
        assert_eq!(censored("darn", sent), kept);
        let clean = r#"{"_lctype":2,"_lctext":"fine\u0041","darn":"darn"}"#;
        assert_eq!(list("darn").censor(&Content::Text(clean.into())), None);
    }

    #[test]
    fn a_word_written_with_escapes_is_found() {
        assert_eq!(
            censored("darn\n坏话", r#"{"_lctype":-1,"_lctext":"d\u0061rn \u574f\u8bdd \"q\""}"#),
            r#"{"_lctype":-1,"_lctext":"*** *** \"q\""}"#
        );
        assert_eq!(
            censored("darn", r#"{"_lctype":-1,"_lct\u0065xt":"darn"}"#),
            r#"{"_lctype":-1,"_lct\u0065xt":"***"}"#
        );
    }

    #[test]
    fn half_a_surrogate_pair_hides_nothing() {
        assert_eq!(
            censored("darn", r#"{"_lctype":-1,"_lctext":"\ud83d darn"}"#),
            "{\"_lctype\":-1,\"_lctext\":\"\u{fffd}\u{fffd}\u{fffd} ***\"}"
        );
    }

    #[test]
    fn a_repeated_key_hides_nothing() {
        // Parsers take the last one, or the first.
        assert_eq!(
            censored("darn", r#"{"_lctext":"darn","_lctype":-1,"_lctext":"darn!"}"#),
            r#"{"_lctext":"***","_lctype":-1,"_lctext":"***!"}"#
        );
    }

    #[test]
    fn any_other_text_is_filtered_as_a_whole() {
        // B-454: plain text, JSON without an integer type, what is no object, what is no JSON.
        for (sent, kept) in [
            ("a darn text", "a *** text"),
            (r#"{"_lctext":"darn","x":"darn"}"#, r#"{"_lctext":"***","x":"***"}"#),
            (r#"{"_lctype":"-1","x":"darn"}"#, r#"{"_lctype":"-1","x":"***"}"#),
            (r#"{"_lctype":1.5,"x":"darn"}"#, r#"{"_lctype":1.5,"x":"***"}"#),
            (r#"[{"_lctype":-1},"darn"]"#, r#"[{"_lctype":-1},"***"]"#),
            (r#"{"_lctype":-1,"_lctext":"x"} darn"#, r#"{"_lctype":-1,"_lctext":"x"} ***"#),
        ] {
            assert_eq!(censored("darn", sent), kept, "{sent}");
        }
    }

    #[test]
    fn a_typed_message_without_a_text_stays_as_it_is() {
        // An image without words, a text that is no string, a recalled message.
        for sent in [
            r#"{"_lctype":-2,"_lcfile":{"url":"http://darn.example/"}}"#,
            r#"{"_lctype":-1,"_lctext":["darn"]}"#,
            r#"{"_lctype":-127}"#,
        ] {
            assert_eq!(list("darn").censor(&Content::Text(sent.into())), None, "{sent}");
        }
    }

    #[test]
    fn bytes_are_left_alone() {
        // B-454
        assert_eq!(list("darn").censor(&Content::Binary(b"darn".as_slice().into())), None);
    }

    /// JSON of the same value in another form: letters as escapes, space between the parts.
    fn spelt_out(value: &Value, escape: bool, space: bool) -> String {
        let text = value.to_string();
        let mut spelt = String::new();
        let mut in_text = false;
        let mut escaped = false;
        for letter in text.chars() {
            match letter {
                '"' if !escaped => in_text = !in_text,
                'a'..='z' if in_text && escape && !escaped => {
                    spelt.push_str(&format!("\\u{:04x}", u32::from(letter)));
                    continue;
                }
                ':' | ',' if !in_text && space => spelt.push(' '),
                _ => {}
            }
            escaped = letter == '\\' && !escaped;
            spelt.push(letter);
        }
        spelt
    }

    proptest! {
        #[test]
        fn however_a_typed_message_is_spelt_its_text_is_filtered_and_nothing_else_changes(
            text in "[a-c\u{e9}\u{1f600}\"\\\\ \n]{0,12}",
            attribute in "[a-c\"\\\\]{0,6}",
            kind in -10_i64..10,
            escape: bool,
            space: bool,
        ) {
            // B-454, W-262
            let words = list("ab\nca\n\u{1f600}");
            let mut message = json!({ "x": attribute, "_lctype": kind, "_lctext": text, "ab": [1.5, null, "ab"] });
            let sent = spelt_out(&message, escape, space);
            prop_assert_eq!(&serde_json::from_str::<Value>(&sent).unwrap(), &message);
            let replaced = words.replace(&text);
            match words.censor(&Content::Text(sent.as_str().into())) {
                None => prop_assert_eq!(replaced, None),
                Some(Content::Text(got)) => {
                    message["_lctext"] = replaced.expect("something was replaced").into();
                    prop_assert_eq!(&serde_json::from_str::<Value>(&got).unwrap(), &message);
                    let end = &spelt_out(&json!({ "ab": [1.5, null, "ab"] }), escape, space)[1..];
                    prop_assert!(got.ends_with(end), "{} lost what follows its text", got);
                }
                Some(Content::Binary(_)) => prop_assert!(false, "text stays text"),
            }
        }

        #[test]
        fn any_text_can_be_filtered(text in ".{0,40}", json in "[{}\\[\\]\":,\\\\_lctypex1. -]{0,40}") {
            let words = list("a\nx\n\u{e9}t");
            for text in [text, json] {
                let content = Content::Text(text.as_str().into());
                if let Some(Content::Text(got)) = words.censor(&content) {
                    prop_assert_ne!(got.as_ref(), text.as_str());
                }
            }
        }
    }
}
