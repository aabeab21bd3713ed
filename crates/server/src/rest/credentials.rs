//! Who asks: an app, by one of its keys or by a signature made with one.
//!
//! The extractors stand in the arguments of a handler, so that no handler can forget them: [`AnyKey`] where the
//! app's key is enough, [`MasterKey`] where it is not.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use http::HeaderMap;
use http::header::ORIGIN;
use http::request::Parts;
use md5::{Digest, Md5};
use subtle::ConstantTimeEq;
use yanshu_protocol::{AppId, Code, Reject};

use super::Rest;
use super::failure::Failure;
use crate::apps::App;

/// The names of each credential: the current one, and those of older SDKs.
const ID: [&str; 3] = ["x-lc-id", "x-avoscloud-application-id", "x-uluru-application-id"];
const KEY: [&str; 3] = ["x-lc-key", "x-avoscloud-application-key", "x-uluru-application-key"];
const SIGN: [&str; 2] = ["x-lc-sign", "x-avoscloud-request-sign"];
const BARE_MASTER_KEY: [&str; 2] = ["x-avoscloud-master-key", "x-uluru-master-key"];

/// What marks the master key, and a signature made with it. Any other mark is of a key that this server does not
/// have.
const MASTER: &str = "master";

/// The app of a request that shows either of its keys.
#[derive(Debug)]
pub(super) struct AnyKey(pub(super) Arc<App>);

/// The app of a request that shows the master key.
#[derive(Debug)]
pub(super) struct MasterKey(pub(super) Arc<App>);

/// Which key was shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rank {
    App,
    Master,
}

impl FromRequestParts<Arc<Rest>> for AnyKey {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, rest: &Arc<Rest>) -> Result<Self, Failure> {
        let (app, _) = authenticate(rest, &parts.headers)?;
        Ok(Self(app))
    }
}

impl FromRequestParts<Arc<Rest>> for MasterKey {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, rest: &Arc<Rest>) -> Result<Self, Failure> {
        match authenticate(rest, &parts.headers)? {
            (app, Rank::Master) => Ok(Self(app)),
            (_, Rank::App) => Err(Failure::master_key_needed()),
        }
    }
}

fn authenticate(rest: &Rest, headers: &HeaderMap) -> Result<(Arc<App>, Rank), Failure> {
    let id: Option<AppId> = first(headers, &ID).and_then(|id| id.parse().ok());
    let app = id.and_then(|id| rest.apps.get(&id)).ok_or_else(Failure::unauthorized)?;
    check_origin(&app, headers)?;
    let rank = rank(&app, headers).ok_or_else(Failure::unauthorized)?;
    Ok((app, rank))
}

/// Pages that are not the app's may not ask. The gateway sees to it where a header names the app, but the app of a
/// packed body is known only here (B-444).
fn check_origin(app: &App, headers: &HeaderMap) -> Result<(), Failure> {
    let origins = &app.settings.origins;
    match headers.get(ORIGIN) {
        Some(origin) if origins.restricts() && !origin.to_str().is_ok_and(|origin| origins.admit(origin)) => {
            Err(Reject::new(Code::InvalidOrigin).into())
        }
        _ => Ok(()),
    }
}

/// What the first credential proves that there is.
fn rank(app: &App, headers: &HeaderMap) -> Option<Rank> {
    if let Some(key) = first(headers, &BARE_MASTER_KEY) {
        return equal(key, app.master_key.expose()).then_some(Rank::Master);
    }
    if let Some(key) = first(headers, &KEY) {
        return match key.strip_suffix(MASTER).and_then(|key| key.strip_suffix(',')) {
            Some(key) => equal(key, app.master_key.expose()).then_some(Rank::Master),
            None => equal(key, app.key.expose()).then_some(Rank::App),
        };
    }
    signed_by(app, first(headers, &SIGN)?)
}

/// `<MD5 of time and key>,<time>[,master]`. Phones have wrong clocks: any time will do.
fn signed_by(app: &App, sign: &str) -> Option<Rank> {
    let mut parts = sign.split(',').map(str::trim);
    let (hash, time) = (parts.next()?, parts.next()?);
    let (key, rank) = match (parts.next(), parts.next()) {
        (None, _) => (&app.key, Rank::App),
        (Some(MASTER), None) => (&app.master_key, Rank::Master),
        (Some(_), _) => return None,
    };
    if time.is_empty() || !time.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let expected = Md5::new_with_prefix(time).chain_update(key.expose()).finalize();
    let expected = format!("{expected:x}");
    equal(&hash.to_ascii_lowercase(), &expected).then_some(rank)
}

/// Takes the same time wherever two texts of one length differ.
fn equal(given: &str, expected: &str) -> bool {
    given.as_bytes().ct_eq(expected.as_bytes()).into()
}

fn first<'a>(headers: &'a HeaderMap, names: &[&str]) -> Option<&'a str> {
    names.iter().find_map(|name| headers.get(*name)?.to_str().ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{self, Secret};

    /// The keys of the documentation's examples.
    fn app() -> App {
        App::from(config::App {
            id: "an-app-of-ours".parse().unwrap(),
            key: Secret::new("UtOCzqb67d3sN12Kts4URwy8"),
            master_key: Secret::new("DyJegPlemooo4X1tg94gQkw1"),
            settings: config::AppConfig::default(),
        })
    }

    fn shown(pairs: &[(&'static str, &str)]) -> Option<Rank> {
        let headers = pairs.iter().map(|(name, value)| {
            (http::HeaderName::from_static(name), http::HeaderValue::from_str(value).unwrap())
        });
        rank(&app(), &headers.collect())
    }

    #[test]
    fn a_key_is_as_good_as_it_is_marked() {
        //
        let cases = [
            ("UtOCzqb67d3sN12Kts4URwy8", Some(Rank::App)),
            ("DyJegPlemooo4X1tg94gQkw1,master", Some(Rank::Master)),
            ("DyJegPlemooo4X1tg94gQkw1", None),
            ("UtOCzqb67d3sN12Kts4URwy8,master", None),
            ("DyJegPlemooo4X1tg94gQkw1,Master", None),
            ("UtOCzqb67d3sN12Kts4URwy", None),
            ("UtOCzqb67d3sN12Kts4URwy88", None),
            (",master", None),
            ("", None),
        ];
        for (key, rank) in cases {
            assert_eq!(shown(&[("x-lc-key", key)]), rank, "{key}");
        }
        assert_eq!(shown(&[]), None);
    }

    #[test]
    fn a_signature_is_of_the_time_and_a_key_in_either_case_and_of_any_age() {
        //
        let cases = [
            ("d5bcbb897e19b2f6633c716dfdfaf9be,1453014943466", Some(Rank::App)),
            ("D5BCBB897E19B2F6633C716DFDFAF9BE,1453014943466", Some(Rank::App)),
            ("e074720658078c898aa0d4b1b82bdf4b,1453014943466,master", Some(Rank::Master)),
            ("d5bcbb897e19b2f6633c716dfdfaf9be,1453014943466,master", None),
            ("e074720658078c898aa0d4b1b82bdf4b,1453014943466", None),
            ("d5bcbb897e19b2f6633c716dfdfaf9be,1453014943467", None),
            ("d5bcbb897e19b2f6633c716dfdfaf9be,1453014943466,ax-sig-1", None),
            ("e074720658078c898aa0d4b1b82bdf4b,1453014943466,master,master", None),
            ("d5bcbb897e19b2f6633c716dfdfaf9be", None),
            ("d5bcbb897e19b2f6633c716dfdfaf9be,", None),
            ("", None),
        ];
        for (sign, rank) in cases {
            assert_eq!(shown(&[("x-lc-sign", sign)]), rank, "{sign}");
            assert_eq!(shown(&[("x-avoscloud-request-sign", sign)]), rank, "{sign}");
        }
    }

    #[test]
    fn older_names_of_the_headers_mean_the_same() {
        //
        for name in ["x-avoscloud-application-key", "x-uluru-application-key"] {
            assert_eq!(shown(&[(name, "UtOCzqb67d3sN12Kts4URwy8")]), Some(Rank::App));
        }
        for name in ["x-avoscloud-master-key", "x-uluru-master-key"] {
            let key = ("x-avoscloud-application-key", "UtOCzqb67d3sN12Kts4URwy8");
            assert_eq!(shown(&[key, (name, "DyJegPlemooo4X1tg94gQkw1")]), Some(Rank::Master));
            assert_eq!(shown(&[key, (name, "UtOCzqb67d3sN12Kts4URwy8")]), None);
        }
    }
}
