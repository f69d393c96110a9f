//! Rate limits: a table of policies, and the middleware that keeps them. Every answer tells how much is left
//! (draft-ietf-httpapi-ratelimit-headers).

use std::{
    fmt::Write,
    net::{IpAddr, Ipv6Addr, SocketAddr},
    time::Duration,
};

use axum::{
    extract::{ConnectInfo, MatchedPath, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method},
    middleware::Next,
    response::{IntoResponse, Response},
};
use shared::domain::{Quota, Standing};

use crate::{app::App, extract::sender, problem::Problem};

const LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// By what requests are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// The address they come from; of IPv6 its first 64 bits, which are one subscriber's.
    Address,
    /// The account that a good token names, else the address.
    Caller,
}

/// A limit, and what it is for.
#[derive(Debug)]
pub struct Policy {
    /// Its name in the headers.
    pub name: &'static str,
    /// Who shares it.
    pub by: By,
    /// How much there is.
    pub quota: Quota,
    /// What it is for, in words.
    pub purpose: &'static str,
    /// Its routes, `METHOD /path` as in the OpenAPI document; none means all.
    pub routes: &'static [&'static str],
}

const fn per(requests: u32, seconds: u64) -> Quota {
    Quota { requests, window: Duration::from_secs(seconds) }
}

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;

/// Every policy. A class behind one address must be able to log in and register together.
pub const POLICIES: &[Policy] = &[
    Policy {
        name: "requests",
        by: By::Caller,
        quota: per(1200, 5 * MINUTE),
        purpose: "everything",
        routes: &[],
    },
    Policy {
        name: "logins",
        by: By::Address,
        quota: per(60, 5 * MINUTE),
        purpose: "logging in, refreshing, proving a password or a token from a mail",
        routes: &[
            "POST /auth/login",
            "POST /admin/ui/login",
            "POST /auth/refresh",
            "POST /auth/change-password",
            "POST /auth/reset-password",
            "POST /auth/verify-email",
            "POST /users/me/erase",
        ],
    },
    Policy {
        name: "accounts",
        by: By::Address,
        quota: per(60, HOUR),
        purpose: "registering, throwaway accounts",
        routes: &["POST /auth/register", "POST /auth/guest"],
    },
    Policy {
        name: "mails",
        by: By::Address,
        quota: per(10, HOUR),
        purpose: "asking for a mail",
        routes: &["POST /auth/forgot-password"],
    },
    Policy {
        name: "generation",
        by: By::Caller,
        quota: per(60, HOUR),
        purpose: "whatever makes a job: quizzes, plans, exports, reading of PDFs",
        routes: &[
            "POST /quiz/generate",
            "POST /quiz/generate-from-pdf",
            "POST /quiz/generate-deepseek",
            "POST /notes/upload",
            "POST /planner/generate",
            "POST /planner/plans/{id}/reschedule",
            "POST /ai/generate-study-plan",
            "POST /ai/optimize-schedule",
            "POST /users/me/export",
        ],
    },
    Policy {
        name: "reports",
        by: By::Caller,
        quota: per(300, HOUR),
        purpose: "reports, in every form",
        routes: &["GET /analytics/report"],
    },
];

/// First parts of paths that are not counted: probes, metrics and files.
const UNLIMITED: [&str; 6] = ["", "docs", "health", "metrics", "openapi.json", "web"];

/// The policies of a route.
pub fn policies(method: &str, path: &str) -> impl Iterator<Item = &'static Policy> {
    let first = path.split('/').nth(1).unwrap_or_default();
    let counted = !UNLIMITED.contains(&first);
    let route = format!("{method} {path}");
    POLICIES.iter().filter(move |policy| {
        counted && (policy.routes.is_empty() || policy.routes.contains(&route.as_str()))
    })
}

/// Refuses requests beyond a limit with 429, and tells what is left.
pub async fn limited(State(app): State<App>, request: Request, next: Next) -> Response {
    if !app.live.now().rate_limits {
        return next.run(request).await;
    }
    let path = request.extensions().get::<MatchedPath>().map_or("/none", MatchedPath::as_str);
    let method = if request.method() == Method::HEAD { &Method::GET } else { request.method() };
    let policies: Vec<&Policy> = policies(method.as_str(), path).collect();
    if policies.is_empty() {
        return next.run(request).await;
    }
    let now = app.ledger.clock.now();
    let address = address(&request, app.trusted_proxies);
    let caller =
        sender(request.headers(), &app, now).map_or_else(|| address.clone(), |user| user.to_string());
    let whose = |by| if by == By::Caller { &caller } else { &address };
    let asks: Vec<(String, Quota)> = policies
        .iter()
        .map(|policy| (format!("{}:{}", policy.name, whose(policy.by)), policy.quota))
        .collect();
    let standings = app.limits.take(&asks, now).await;
    let refused = policies.iter().zip(&standings).find(|(_, standing)| !standing.allowed);
    let mut response = match refused {
        None => next.run(request).await,
        Some((policy, standing)) => {
            metrics::counter!("smartstudy_requests_limited_total", "policy" => policy.name).increment(1);
            Problem::too_many(policy.name, ceiled(standing.next_in)).into_response()
        }
    };
    tell(response.headers_mut(), &policies, &standings);
    response
}

/// Seconds, rounded up.
fn ceiled(time: Duration) -> u64 {
    time.as_secs() + u64::from(time.subsec_nanos() > 0)
}

fn tell(headers: &mut HeaderMap, policies: &[&Policy], standings: &[Standing]) {
    let (mut limit, mut policy) = (String::new(), String::new());
    for (number, (declared, standing)) in policies.iter().zip(standings).enumerate() {
        let comma = if number == 0 { "" } else { ", " };
        let (name, quota) = (declared.name, declared.quota);
        let _ = write!(policy, "{comma}\"{name}\";q={};w={}", quota.requests, quota.window.as_secs());
        let _ = write!(limit, "{comma}\"{name}\";r={};t={}", standing.remaining, ceiled(standing.whole_in));
    }
    for (name, value) in [(LIMIT, limit), (POLICY, policy)] {
        if let Ok(value) = HeaderValue::try_from(value) {
            headers.insert(name, value);
        }
    }
}

/// The address that a request comes from, behind so many proxies that add to `X-Forwarded-For`.
fn address(request: &Request, proxies: usize) -> String {
    let socket = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
    let address = forwarded(request.headers(), proxies).or(socket);
    address.map_or_else(|| "unknown".to_owned(), subscriber)
}

/// What the farthest trusted proxy saw: callers may write what they like before it.
fn forwarded(headers: &HeaderMap, proxies: usize) -> Option<IpAddr> {
    let values = headers.get_all(FORWARDED_FOR).into_iter().filter_map(|value| value.to_str().ok());
    let hops: Vec<&str> = values.flat_map(|value| value.split(',')).map(str::trim).collect();
    let hop = hops.len().checked_sub(proxies).filter(|_| proxies > 0).and_then(|at| hops.get(at))?;
    let bare = hop.parse().or_else(|_| hop.parse::<SocketAddr>().map(|socket| socket.ip()));
    bare.or_else(|_| hop.trim_matches(['[', ']']).parse()).ok()
}

fn subscriber(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{}/64", Ipv6Addr::from([a, b, c, d, 0, 0, 0, 0]))
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    fn from(socket: &str, forwarded: &[&str], proxies: usize) -> String {
        let mut request = Request::new(Body::empty());
        let socket: SocketAddr = socket.parse().unwrap();
        request.extensions_mut().insert(ConnectInfo(socket));
        for value in forwarded {
            request.headers_mut().append(FORWARDED_FOR, value.parse().unwrap());
        }
        address(&request, proxies)
    }

    #[test]
    fn the_address_is_what_the_farthest_trusted_proxy_saw() {
        let socket = "10.0.0.1:4000";
        assert_eq!(from(socket, &["203.0.113.9"], 0), "10.0.0.1");
        assert_eq!(from(socket, &["203.0.113.9"], 1), "203.0.113.9");
        assert_eq!(from(socket, &["1.1.1.1, 203.0.113.9"], 1), "203.0.113.9");
        assert_eq!(from(socket, &["1.1.1.1, 203.0.113.9", "10.0.0.7"], 2), "203.0.113.9");
        assert_eq!(from(socket, &["203.0.113.9:1234"], 1), "203.0.113.9");
        // Without what a proxy would have added, the request came past it.
        assert_eq!(from(socket, &[], 1), "10.0.0.1");
        assert_eq!(from(socket, &["203.0.113.9"], 2), "10.0.0.1");
        assert_eq!(from(socket, &["unknown"], 1), "10.0.0.1");
    }

    #[test]
    fn an_ipv6_subscriber_is_one_whatever_its_last_bits() {
        let one = from("[2001:db8:1:2:3:4:5:6]:1", &[], 0);
        assert_eq!(one, "2001:db8:1:2::/64");
        assert_eq!(from("[2001:db8:1:2:ffff::1]:1", &[], 0), one);
        assert_eq!(from("[::ffff:10.0.0.1]:1", &[], 0), "10.0.0.1");
        assert_eq!(from("10.0.0.1:1", &["[2001:db8:1:2::9]:443"], 1), one);
        assert_eq!(from("10.0.0.1:1", &["[2001:db8:1:2::9]"], 1), one);
    }

    #[test]
    fn probes_and_files_are_not_counted() {
        for path in
            ["/", "/health", "/health/live", "/metrics", "/docs/{*rest}", "/openapi.json", "/web/{file}"]
        {
            assert_eq!(policies("GET", path).count(), 0, "{path}");
        }
        let names = |method, path| policies(method, path).map(|policy| policy.name).collect::<Vec<_>>();
        assert_eq!(names("POST", "/auth/login"), ["requests", "logins"]);
        assert_eq!(names("GET", "/auth/me"), ["requests"]);
        assert_eq!(names("PUT", "/none"), ["requests"]);
    }

    #[test]
    fn headers_name_every_policy() {
        let mut headers = HeaderMap::new();
        let policies: Vec<&Policy> = policies("POST", "/auth/login").collect();
        let standing =
            policies[1].quota.standing(true, shared::domain::Timestamp(1), shared::domain::Timestamp(0));
        tell(&mut headers, &policies, &[standing, standing]);
        assert_eq!(headers[POLICY], "\"requests\";q=1200;w=300, \"logins\";q=60;w=300");
        assert_eq!(headers[LIMIT], "\"requests\";r=59;t=1, \"logins\";r=59;t=1");
    }

    /// Work for a queue is expensive, and must not be forgotten in the table.
    #[test]
    fn whatever_is_answered_with_202_is_limited_besides() {
        let document = serde_json::to_value(crate::openapi::document(false)).unwrap();
        let mut found = 0;
        for (path, item) in document["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                if operation["responses"].get("202").is_some() {
                    let method = method.to_uppercase();
                    let named = policies(&method, path)
                        .any(|policy| ["generation", "logins", "reports"].contains(&policy.name));
                    assert!(named, "{method} {path} has no policy");
                    found += 1;
                }
            }
        }
        assert!(found >= 2, "{found}");
    }
}
