//! Finding the paths that a source file uses, without parsing the language: what a macro contains counts too.

/// Comments, texts and the inline tests at a file's end made blank, so that only code is left.
pub(super) fn code(text: &str) -> String {
    let text = text.split_once("\n#[cfg(test)]\nmod tests {").map_or(text, |(code, _)| code);
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        let skip = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else if next == '"' {
            text_length(rest)
        } else if rest.starts_with("r\"") || rest.starts_with("r#") {
            raw_text_length(rest)
        } else {
            0
        };
        if skip > 0 {
            code.push(' ');
            rest = &rest[skip..];
        } else {
            // A quote as a character must not begin a text.
            let taken = if rest.starts_with("'\"'") { 3 } else { next.len_utf8() };
            code.push_str(&rest[..taken]);
            rest = &rest[taken..];
        }
    }
    code
}

fn text_length(rest: &str) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

/// 0 if it is no raw text but a name such as `r#type`.
fn raw_text_length(rest: &str) -> usize {
    let hashes = rest[1..].bytes().take_while(|byte| *byte == b'#').count();
    if rest.as_bytes().get(1 + hashes) != Some(&b'"') {
        return 0;
    }
    let end = format!("\"{}", "#".repeat(hashes));
    rest[2 + hashes..].find(&end).map_or(rest.len(), |at| 2 + hashes + at + end.len())
}

/// Every path that begins with `start::`, with groups in braces spelt out, without `start::`.
pub(super) fn paths_from(code: &str, start: &str) -> Vec<String> {
    let opening = format!("{start}::");
    let mut found = Vec::new();
    for (at, _) in code.match_indices(&opening) {
        let inside_of_a_name = code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
        let inside_of_a_path = code[..at].ends_with("::");
        if !inside_of_a_name && !inside_of_a_path {
            spell_out(&code[at + opening.len()..], "", &mut found);
        }
    }
    found
}

/// Reads one use-tree and gives what is left after it.
fn spell_out<'a>(code: &'a str, before: &str, found: &mut Vec<String>) -> &'a str {
    let code = code.trim_start();
    if let Some(mut rest) = code.strip_prefix('{') {
        loop {
            rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == ',');
            if rest.is_empty() || rest.starts_with('}') {
                return rest.get(1..).unwrap_or_default();
            }
            let left = spell_out(rest, before, found);
            // An `as` or whatever else is not understood must not stop the way.
            rest = if left.len() < rest.len() { left } else { next_item(rest) };
            rest = skip_alias(rest);
        }
    }
    let end = code.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(code.len());
    let (name, rest) = code.split_at(end);
    let path = if before.is_empty() { name.to_owned() } else { format!("{before}::{name}") };
    match rest.strip_prefix("::") {
        Some(rest) => spell_out(rest, &path, found),
        None => {
            found.push(path);
            rest
        }
    }
}

fn skip_alias(rest: &str) -> &str {
    if rest.trim_start().starts_with("as ") { next_item(rest) } else { rest }
}

fn next_item(rest: &str) -> &str {
    rest.find([',', '}']).map_or("", |at| &rest[at..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_texts_and_tests_are_not_code() {
        let text = "use crate::a; // crate::b\n/* crate::c */ let x = \"crate::d \\\" crate::e\"; r#\"crate::f\"#;\n\
                    match c { '\"' => crate::g }\n#[cfg(test)]\nmod tests {\n use crate::h;\n}\n";
        assert_eq!(paths_from(&code(text), "crate"), ["a", "g"]);
    }

    #[test]
    fn groups_are_spelt_out() {
        let text = "pub(crate) use crate::{bus::{Bus, Push as P},\n store::Store, clock};";
        assert_eq!(paths_from(text, "crate"), ["bus::Bus", "bus::Push", "store::Store", "clock"]);
    }

    #[test]
    fn names_that_only_end_like_the_start_are_others() {
        assert!(paths_from("use my_crate::a; macro_crate::b", "crate").is_empty());
        assert_eq!(paths_from("x(&crate::ids::new(), 1)", "crate"), ["ids::new"]);
    }
}
