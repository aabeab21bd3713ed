//! Why a query cannot be answered.

use yanshu_protocol::{Code, Reject};

use super::{
    MAX_DEPTH, MAX_PATTERN_BYTES, MAX_PATTERNS, MAX_SEGMENTS, MAX_SORT_KEYS, MAX_VALUES, PatternError,
};

/// A query that is malformed or too costly: 4310 with this text as its detail (B-339, W-196).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FilterError {
    /// `where` is JSON, but no object.
    #[error("where must be a JSON object")]
    NotAnObject,
    /// A key that starts with `$` and is none of the operators.
    #[error("unknown operator {0:?}")]
    UnknownOperator(String),
    /// An operator with an operand it cannot use.
    #[error("{operator} needs {needs}")]
    WrongOperand {
        /// The operator.
        operator: &'static str,
        /// What it would accept.
        needs: &'static str,
    },
    /// The object of a field has operators and plain keys.
    #[error("the condition on {0:?} mixes operators and plain keys")]
    MixedKeys(String),
    /// `$regex` with a pattern that cannot be read.
    #[error("bad pattern: {0}")]
    Pattern(#[from] PatternError),
    /// `$regex` with a pattern over the bound.
    #[error("a pattern may have at most {MAX_PATTERN_BYTES} bytes")]
    LongPattern,
    /// Too many `$regex` in one query.
    #[error("a query may hold at most {MAX_PATTERNS} patterns")]
    TooManyPatterns,
    /// `$and` and `$or` in each other too often.
    #[error("conditions may nest at most {MAX_DEPTH} deep")]
    TooDeep,
    /// Too many conditions and values together.
    #[error("a condition may hold at most {MAX_VALUES} values")]
    TooManyValues,
    /// A field name with an empty part, a `$`, or too many dots.
    #[error(
        "{0:?} is no field name; up to {MAX_SEGMENTS} parts, none empty or starting with $, joined by dots"
    )]
    BadField(String),
    /// `$nearSphere` below `$or`, or twice.
    #[error("$nearSphere may stand once in a query and not below $or")]
    MisplacedNear,
    /// Too many keys in `sort`.
    #[error("sort takes at most {MAX_SORT_KEYS} fields")]
    LongSort,
    /// The query used up its [`Budget`](super::Budget) (B-338).
    #[error("the query is too costly")]
    TooCostly,
}

/// A name from a client, for a refusal's text; cut so that the refusal stays small.
pub(super) fn quoted(name: &str) -> String {
    name.chars().take(64).collect()
}

impl From<FilterError> for Reject {
    fn from(error: FilterError) -> Self {
        Self::because(Code::ConversationQueryFailed, error.to_string())
    }
}
