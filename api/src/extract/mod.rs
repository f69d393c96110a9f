//! What handlers take out of requests. Each answers bad input with a problem of its own.

mod body;
mod caller;
mod conditions;
mod day;
mod window;

pub use body::{Json, Path, Query, Validated, data_problem};
pub use caller::{Caller, check_origin};
pub use conditions::{Conditions, Tag, Wait};
pub use day::{Edge, instant};
pub use window::{List, listed};
