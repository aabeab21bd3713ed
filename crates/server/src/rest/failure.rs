//! How a request fails: a status and the body that every SDK understands.

use std::borrow::Cow;

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::header::CACHE_CONTROL;
use http::{HeaderValue, StatusCode};
use serde_json::json;
use yanshu_protocol::{Code, Reject};

/// Codes of the storage service that are not those of messaging.
const BAD_PARAMETER: i64 = 1;
const OBJECT_MISSING: i64 = 101;
const MALFORMED_JSON: i64 = 107;

/// A request that is not carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Failure {
    status: StatusCode,
    code: i64,
    error: Cow<'static, str>,
    /// The code and text of the app's own hook, if that refused.
    app: Option<(i32, String)>,
}

impl Failure {
    /// One whose code is its status.
    fn of(status: StatusCode, error: impl Into<Cow<'static, str>>) -> Self {
        Self { status, code: status.as_u16().into(), error: error.into(), app: None }
    }

    /// Credentials that are missing or wrong.
    pub(super) fn unauthorized() -> Self {
        Self::of(StatusCode::UNAUTHORIZED, "Unauthorized.")
    }

    /// The app's key where the master key is needed.
    pub(super) fn master_key_needed() -> Self {
        Self::of(StatusCode::FORBIDDEN, "Forbidden. This needs the master key.")
    }

    /// A parameter that is missing or cannot be used.
    pub(super) fn parameter(error: impl Into<Cow<'static, str>>) -> Self {
        let (status, error) = (StatusCode::BAD_REQUEST, error.into());
        Self { status, code: BAD_PARAMETER, error, app: None }
    }

    /// Text that should be JSON and is not.
    pub(super) fn malformed_json(error: &serde_json::Error) -> Self {
        let error = format!("Malformed JSON: {error}.");
        Self { status: StatusCode::BAD_REQUEST, code: MALFORMED_JSON, error: error.into(), app: None }
    }

    /// A path that is not served.
    pub(super) fn no_such_path() -> Self {
        Self::of(StatusCode::NOT_FOUND, "no such path")
    }

    /// An object that is named by its id and is not there.
    pub(super) fn no_such_object(id: &str) -> Self {
        let (status, error) = (StatusCode::NOT_FOUND, format!("There is no object with the id {id:?}."));
        Self { status, code: OBJECT_MISSING, error: error.into(), app: None }
    }

    /// A body that is too large or cannot be read.
    pub(super) fn body(status: StatusCode) -> Self {
        let error = match status {
            StatusCode::PAYLOAD_TOO_LARGE => "The body is too large.",
            _ => "The body cannot be read.",
        };
        Self::of(status, error)
    }
}

impl From<Reject> for Failure {
    fn from(reject: Reject) -> Self {
        let error = match &reject.detail {
            Some(detail) => format!("{}: {detail}", reject.reason()).into(),
            None => reject.reason().to_owned().into(),
        };
        Self { status: status(reject.code), code: reject.code.number().into(), error, app: reject.app }
    }
}

/// What a refusal is over HTTP.
const fn status(code: Code) -> StatusCode {
    match code {
        Code::AppNotAvailable | Code::SessionTokenExpired => StatusCode::UNAUTHORIZED,
        Code::InvalidOrigin => StatusCode::FORBIDDEN,
        Code::ConversationNotFound | Code::InvalidMessagingTarget | Code::MessageNotFound => {
            StatusCode::NOT_FOUND
        }
        Code::MessageSentQuotaExceeded | Code::AppQuotaExceeded => StatusCode::TOO_MANY_REQUESTS,
        Code::InternalError
        | Code::SendMessageTimeout
        | Code::ConversationInternalError
        | Code::ConversationLogFailed => StatusCode::INTERNAL_SERVER_ERROR,
        _ => StatusCode::BAD_REQUEST,
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let mut body = json!({ "code": self.code, "error": self.error });
        if let Some((code, text)) = self.app {
            body["appCode"] = code.into();
            body["appMsg"] = text.into();
        }
        (self.status, Json(body)).into_response()
    }
}

/// Answers for paths that are not served.
pub(super) async fn no_such_path() -> Failure {
    Failure::no_such_path()
}

/// Paths that are served, but not so.
pub(super) async fn no_such_method() -> Failure {
    Failure::of(StatusCode::METHOD_NOT_ALLOWED, "no such method for this path")
}

/// Every answer is of the moment.
pub(super) async fn never_cached(mut response: Response) -> Response {
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-cache,no-store"));
    response
}
