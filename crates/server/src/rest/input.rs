//! What a request says: its body, its parameters and the ids in its path, leniently read.

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use http::request::Parts;
use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, Error, IgnoredAny};
use yanshu_protocol::{ClientId, Code, ConversationId, IdError, Page, Reject};

use super::failure::Failure;

/// Rows of an answer, by default and at most.
const ROWS: usize = 100;
const MOST_ROWS: usize = 1000;

/// A JSON body, whatever it is said to be. None at all is an empty object.
#[derive(Debug)]
pub(super) struct Body<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &S) -> Result<Self, Failure> {
        let bytes = Bytes::from_request(request, state).await;
        let bytes = bytes.map_err(|rejection| Failure::body(rejection.status()))?;
        json(if bytes.is_empty() { b"{}" } else { &bytes }).map(Self)
    }
}

/// Reads a JSON object: text that is no JSON, and JSON that is not what is asked for, fail each in their own way.
pub(super) fn json<T: DeserializeOwned>(text: &[u8]) -> Result<T, Failure> {
    // A list would do for the fields of a struct in their order.
    if !text.trim_ascii_start().starts_with(b"{") {
        return match serde_json::from_slice::<IgnoredAny>(text) {
            Ok(_) => Err(Failure::parameter("a JSON object is needed")),
            Err(error) => Err(Failure::malformed_json(&error)),
        };
    }
    serde_json::from_slice(text).map_err(|error| match error.is_data() {
        true => Failure::parameter(error.to_string()),
        false => Failure::malformed_json(&error),
    })
}

/// The parameters of the query.
#[derive(Debug)]
pub(super) struct Asked<T>(pub(super) T);

impl<T: DeserializeOwned, S: Sync> FromRequestParts<S> for Asked<T> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        let query = Query::try_from_uri(&parts.uri);
        query.map(|Query(asked)| Self(asked)).map_err(|error| Failure::parameter(error.body_text()))
    }
}

/// Texts of the path, decoded.
#[derive(Debug)]
pub(super) struct InPath<T>(pub(super) T);

impl<T: FromPath, S: Sync> FromRequestParts<S> for InPath<T> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        let texts = Path::<T::Texts>::from_request_parts(parts, &()).await;
        let Path(texts) = texts.map_err(|rejection| Failure::parameter(rejection.body_text()))?;
        T::from_path(texts).map(Self).map_err(Failure::from)
    }
}

/// What the names in a path stand for.
pub(super) trait FromPath: Sized {
    type Texts: DeserializeOwned + Send;

    fn from_path(texts: Self::Texts) -> Result<Self, Reject>;
}

impl FromPath for ClientId {
    type Texts = String;

    fn from_path(text: String) -> Result<Self, Reject> {
        text.parse().map_err(|error: IdError| Reject::because(Code::InvalidLogin, error.to_string()))
    }
}

impl FromPath for ConversationId {
    type Texts = String;

    fn from_path(text: String) -> Result<Self, Reject> {
        // What cannot be a conversation is none.
        text.parse().map_err(|_| Code::ConversationNotFound.into())
    }
}

impl FromPath for (ConversationId, ClientId) {
    type Texts = (String, String);

    fn from_path((conversation, client): (String, String)) -> Result<Self, Reject> {
        Ok((ConversationId::from_path(conversation)?, ClientId::from_path(client)?))
    }
}

/// `limit` and `next` of a list in parts.
#[derive(Debug, Default, Deserialize)]
pub(super) struct PageAsked {
    #[serde(default, deserialize_with = "number")]
    limit: Option<i64>,
    #[serde(default, deserialize_with = "number")]
    next: Option<i64>,
}

impl From<PageAsked> for Page {
    fn from(asked: PageAsked) -> Self {
        let limit = asked.limit.map(|limit| i32::try_from(limit).unwrap_or(i32::MAX));
        Self { limit, offset: asked.next.and_then(|next| u32::try_from(next).ok()).unwrap_or_default() }
    }
}

/// How many rows to pass over and how many to give. A limit that is none or out of bounds is the default.
pub(super) fn window(skip: Option<i64>, limit: Option<i64>) -> (usize, usize) {
    let whole = |number: Option<i64>| number.and_then(|number| usize::try_from(number).ok());
    let limit = whole(limit).filter(|limit| (1..=MOST_ROWS).contains(limit));
    (whole(skip).unwrap_or(0), limit.unwrap_or(ROWS))
}

/// A number in a query, with or without a fraction; an empty text is none.
pub(super) fn number<'de, D: Deserializer<'de>>(from: D) -> Result<Option<i64>, D::Error> {
    let text = String::deserialize(from)?;
    if text.is_empty() {
        return Ok(None);
    }
    #[expect(clippy::cast_possible_truncation, reason = "the cast stops at the bounds")]
    let cut = |number: f64| number as i64;
    let number =
        text.parse().ok().or_else(|| text.parse().ok().filter(|number: &f64| number.is_finite()).map(cut));
    number.map(Some).ok_or_else(|| Error::custom("a number is needed"))
}

/// A client's id in a body.
pub(super) fn client<'de, D: Deserializer<'de>>(from: D) -> Result<ClientId, D::Error> {
    String::deserialize(from)?.parse().map_err(Error::custom)
}

/// Clients' ids in a body.
pub(super) fn clients<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<ClientId>, D::Error> {
    let texts = Vec::<String>::deserialize(from)?;
    texts.iter().map(|text| text.parse().map_err(Error::custom)).collect()
}

/// A conversation's id in a body.
pub(super) fn conversation<'de, D: Deserializer<'de>>(from: D) -> Result<ConversationId, D::Error> {
    String::deserialize(from)?.parse().map_err(Error::custom)
}
