use bson::{Bson, bson};

use crate::domain::Shift;

/// The local time of a date within the shifts, which ascend, as a date that says it were UTC.
pub(super) fn local_time(at: &str, shifts: &[Shift]) -> Bson {
    let millis = |shift: &Shift| i64::from(shift.offset) * 1000;
    // The latest first, where most of what is asked about is.
    let branches: Vec<Bson> = shifts
        .iter()
        .skip(1)
        .rev()
        .map(|shift| bson!({ "case": { "$gte": [at, shift.from] }, "then": millis(shift) }))
        .collect();
    let first = shifts.first().map(millis).unwrap_or_default();
    let offset = match branches.is_empty() {
        true => bson!(first),
        false => bson!({ "$switch": { "branches": branches, "default": first } }),
    };
    bson!({ "$add": [at, offset] })
}

/// The number of days from 1970 to a date.
pub(super) fn day_number(date: Bson) -> Bson {
    bson!({ "$floor": { "$divide": [{ "$toLong": date }, 86_400_000] } })
}
