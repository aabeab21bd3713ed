//! How a setting is read, shown and bounded, and the macro that declares a section of them.

use std::fmt::{self, Debug};
use std::net::SocketAddr;
use std::ops::{Bound, RangeBounds};
use std::path::PathBuf;

use serde::{Deserialize, Deserializer};
use yanshu_protocol::ClientId;

use super::units::word;

/// A type that settings have.
pub(super) trait Setting: Sized + Debug {
    /// What to write, for the reference.
    const FORM: &'static str;

    /// Reads a value from a file, the environment or a flag.
    fn read<'de, D: Deserializer<'de>>(from: D) -> Result<Self, D::Error>;

    /// The value as one writes it in a file.
    fn show(&self) -> String;
}

macro_rules! plain_setting {
    ($($type:ty: $form:literal),*) => {$(
        impl Setting for $type {
            const FORM: &'static str = $form;

            fn read<'de, D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                Self::deserialize(from)
            }

            fn show(&self) -> String {
                self.to_string()
            }
        }
    )*};
}

plain_setting!(bool: "true or false", u32: "number", usize: "number");

impl Setting for String {
    const FORM: &'static str = "text";

    fn read<'de, D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Self::deserialize(from)
    }

    fn show(&self) -> String {
        format!("{self:?}")
    }
}

impl Setting for SocketAddr {
    const FORM: &'static str = "address and port";

    fn read<'de, D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        text.parse().map_err(|_| {
            serde::de::Error::custom(format!("`{text}` is not an address and port such as `0.0.0.0:7600`"))
        })
    }

    fn show(&self) -> String {
        format!("\"{self}\"")
    }
}

impl Setting for PathBuf {
    const FORM: &'static str = "path";

    fn read<'de, D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Self::deserialize(from)
    }

    fn show(&self) -> String {
        format!("{:?}", self.display().to_string())
    }
}

impl<T: Setting> Setting for Option<T> {
    const FORM: &'static str = T::FORM;

    fn read<'de, D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        T::read(from).map(Some)
    }

    fn show(&self) -> String {
        self.as_ref().map_or_else(|| "not set".to_owned(), Setting::show)
    }
}

impl Setting for ClientId {
    const FORM: &'static str = "client id";

    fn read<'de, D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        word(from)?.parse().map_err(serde::de::Error::custom)
    }

    fn show(&self) -> String {
        format!("{:?}", self.as_str())
    }
}

impl<T: Setting> Setting for Vec<T> {
    const FORM: &'static str = "list";

    fn read<'de, D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Item<T>(T);

        impl<'de, T: Setting> Deserialize<'de> for Item<T> {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                T::read(from).map(Self)
            }
        }

        let items = Vec::<Item<T>>::deserialize(from)?;
        Ok(items.into_iter().map(|Item(item)| item).collect())
    }

    fn show(&self) -> String {
        format!("[{}]", self.iter().map(Setting::show).collect::<Vec<_>>().join(", "))
    }
}

/// What is wrong with a value that could be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The setting, such as `apps.0.message.max_bytes`.
    pub path: String,
    /// What is wrong and what would be right.
    pub problem: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`: {}", self.path, self.problem)
    }
}

/// One setting, for the reference.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) name: &'static str,
    pub(super) form: &'static str,
    pub(super) range: Option<String>,
    pub(super) default: String,
    pub(super) about: String,
}

/// A table of settings.
pub(super) trait Section: Default {
    /// What the table is about.
    fn about() -> String;

    /// The settings in it, with their defaults.
    fn entries() -> Vec<Entry>;

    /// Adds what is out of its range.
    fn check(&self, path: &str, problems: &mut Vec<Problem>);
}

/// A range in words.
pub(super) fn range_text<T: Setting>(range: &impl RangeBounds<T>) -> String {
    let low = match range.start_bound() {
        Bound::Included(low) | Bound::Excluded(low) => Some(low.show()),
        Bound::Unbounded => None,
    };
    let high = match range.end_bound() {
        Bound::Included(high) | Bound::Excluded(high) => Some(high.show()),
        Bound::Unbounded => None,
    };
    match (low, high) {
        (Some(low), Some(high)) => format!("{low} to {high}"),
        (Some(low), None) => format!("at least {low}"),
        (None, Some(high)) => format!("at most {high}"),
        (None, None) => "any".to_owned(),
    }
}

/// Adds a problem if a value is out of its range.
pub(super) fn check_range<T: Setting + PartialOrd>(
    value: &T,
    range: &impl RangeBounds<T>,
    path: String,
    problems: &mut Vec<Problem>,
) {
    if !range.contains(value) {
        problems.push(Problem {
            path,
            problem: format!("{} is out of range: {}", value.show(), range_text(range)),
        });
    }
}

/// The lines of a doc comment as one text.
pub(super) fn about(lines: &[&str]) -> String {
    lines.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" ")
}

/// Declares a table of settings: the struct, its defaults, its ranges and its part of the reference, all from
/// one place, so that none of them can drift. A range is written `field: type = default, in range;`.
macro_rules! section {
    (
        $(#[doc = $about:literal])*
        $vis:vis struct $name:ident {
            $( $(#[doc = $doc:literal])* $field:ident: $type:ty = $default:expr $(, in $range:expr)?; )*
        }
    ) => {
        $(#[doc = $about])*
        #[derive(Debug, Clone, PartialEq, serde::Deserialize)]
        #[serde(default, deny_unknown_fields)]
        $vis struct $name {
            $(
                $(#[doc = $doc])*
                #[serde(deserialize_with = "crate::config::setting::Setting::read")]
                $vis $field: $type,
            )*
        }

        impl Default for $name {
            fn default() -> Self {
                Self { $( $field: $default, )* }
            }
        }

        impl crate::config::setting::Section for $name {
            fn about() -> String {
                crate::config::setting::about(&[$($about),*])
            }

            fn entries() -> Vec<crate::config::setting::Entry> {
                let defaults = Self::default();
                vec![$(
                    crate::config::setting::Entry {
                        name: stringify!($field),
                        form: <$type as crate::config::setting::Setting>::FORM,
                        range: None::<String>$( .or(Some(crate::config::setting::range_text::<$type>(&$range))) )?,
                        default: crate::config::setting::Setting::show(&defaults.$field),
                        about: crate::config::setting::about(&[$($doc),*]),
                    },
                )*]
            }

            #[allow(unused_variables, reason = "a section may have no ranges")]
            fn check(&self, path: &str, problems: &mut Vec<crate::config::Problem>) {
                $($(
                    crate::config::setting::check_range::<$type>(
                        &self.$field,
                        &$range,
                        format!("{path}.{}", stringify!($field)),
                        problems,
                    );
                )?)*
            }
        }
    };
}

/// Declares a setting with a few values: `Type { Variant = "name": "meaning", ... }`.
macro_rules! choice {
    (
        $(#[$meta:meta])*
        pub enum $name:ident {
            $( $(#[$doc:meta])* $variant:ident = $text:literal, )*
        }
        form = $form:literal
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name {
            $( $(#[$doc])* $variant, )*
        }

        impl crate::config::setting::Setting for $name {
            const FORM: &'static str = $form;

            fn read<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let text = crate::config::units::word(from)?;
                match &*text {
                    $( $text => Ok(Self::$variant), )*
                    _ => Err(serde::de::Error::custom(format!("`{text}` is not one of {}", $form))),
                }
            }

            fn show(&self) -> String {
                match self {
                    $( Self::$variant => format!("{:?}", $text), )*
                }
            }
        }
    };
}

pub(super) use {choice, section};
