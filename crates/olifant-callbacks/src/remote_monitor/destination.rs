//! Where epochs are sent, and how.

use std::io::{self, Read};
use std::time::{Duration, Instant};

use olifant_train::CallbackError;
use ureq::http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, LOCATION};
use ureq::http::{Response, StatusCode, Uri};
use ureq::{Agent, Body, Error};

const MAX_TIMEOUT: Duration = Duration::from_secs(3600);

/// As many redirects are followed as browsers do.
const MAX_REDIRECTS: usize = 20;

/// No more of an answer is read; what is in it does not matter.
const MAX_ANSWER: u64 = 1 << 20;

/// A URL, and how the requests to it look.
#[derive(Debug)]
pub(super) struct Destination {
    agent: Agent,
    url: Uri,
    headers: HeaderMap,
    /// The field of the form; nothing if there is no form.
    field: Option<String>,
    timeout: Duration,
}

impl Destination {
    /// Objects to what cannot be sent to.
    pub(super) fn new(
        url: &str,
        headers: &[(String, String)],
        field: Option<&str>,
        timeout: Duration,
    ) -> Result<Destination, CallbackError> {
        if timeout.is_zero() || timeout > MAX_TIMEOUT {
            let expected = "longer than zero, and at most an hour";
            return Err(CallbackError::option("timeout", expected, format!("{timeout:?}")));
        }
        let config =
            Agent::config_builder().http_status_as_error(false).max_redirects(0).max_idle_connections(0);
        Ok(Destination {
            agent: config.user_agent("olifant").build().into(),
            url: parse_url(url)?,
            headers: parse_headers(headers, field.is_some())?,
            field: field.map(String::from),
            timeout,
        })
    }

    /// Sends a request, and once more to wherever it is redirected.
    pub(super) fn send(&self, json: &str) -> Result<(), Error> {
        let deadline = Instant::now() + self.timeout;
        let (mut url, mut headers) = (self.url.clone(), self.headers.clone());
        for _ in 0..=MAX_REDIRECTS {
            let answer = self.post(&url, &headers, json, deadline)?;
            let redirection = redirection(&url, &answer);
            io::copy(&mut answer.into_body().into_reader().take(MAX_ANSWER), &mut io::sink())?;
            let Some(next) = redirection.transpose()? else { return Ok(()) };
            if (next.scheme(), next.authority()) != (url.scheme(), url.authority()) {
                headers.remove(AUTHORIZATION);
            }
            url = next;
        }
        Err(Error::TooManyRedirects)
    }

    fn post(
        &self,
        url: &Uri,
        headers: &HeaderMap,
        json: &str,
        deadline: Instant,
    ) -> Result<Response<Body>, Error> {
        let left = deadline.saturating_duration_since(Instant::now());
        let mut request = self.agent.post(url).config().timeout_global(Some(left)).build();
        for (name, value) in headers {
            request = request.header(name, value);
        }
        match &self.field {
            Some(field) => request.send_form([(&**field, json)]),
            None => request.send(json),
        }
    }
}

/// Where an answer says the request should go instead, if it is one of those that keep the method and the body.
fn redirection(url: &Uri, answer: &Response<Body>) -> Option<Result<Uri, Error>> {
    if !matches!(answer.status(), StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT) {
        return None;
    }
    let location = answer.headers().get(LOCATION)?.to_str().unwrap_or_default();
    let absolute = match (url.scheme_str(), url.authority()) {
        (Some(scheme), _) if location.starts_with("//") => format!("{scheme}:{location}"),
        (Some(scheme), Some(host)) if location.starts_with('/') => format!("{scheme}://{host}{location}"),
        _ => location.to_string(),
    };
    Some(parse_url(&absolute).map_err(|_| Error::RedirectFailed))
}

fn parse_url(url: &str) -> Result<Uri, CallbackError> {
    let parsed = url.parse::<Uri>().ok().filter(|url| {
        matches!(url.scheme_str(), Some("http" | "https")) && url.host().is_some_and(|host| !host.is_empty())
    });
    let expected = "a URL that begins with http:// or https:// and a host, together with path";
    parsed.ok_or_else(|| CallbackError::option("root", expected, format!("{url:?}")))
}

fn parse_headers(headers: &[(String, String)], is_form: bool) -> Result<HeaderMap, CallbackError> {
    let mut parsed = HeaderMap::new();
    if !is_form {
        parsed.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    for (name, value) in headers {
        let header = name.parse::<HeaderName>().ok().zip(value.parse::<HeaderValue>().ok());
        let (name, value) = header.ok_or_else(|| {
            let expected = "names without spaces, and values without line ends";
            CallbackError::option("headers", expected, format!("{name:?}: {value:?}"))
        })?;
        parsed.insert(name, value);
    }
    Ok(parsed)
}
