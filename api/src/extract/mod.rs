//! What handlers take out of requests. Each answers bad input with a problem of its own.

mod accept;
mod body;
mod caller;
mod conditions;
mod day;
mod period;
mod strict;
mod window;

pub use accept::Accept;
pub use body::{Json, Path, Query, Validated, body_problem, data_problem};
pub use caller::{Admin, Caller, check_origin, cross_site, guard_logins, invalid, sender};
pub use conditions::{Conditions, Tag, Wait};
pub use day::{Edge, InZone, instant};
pub use period::Period;
pub use window::{List, SortKey, foreign_cursor};
