use sqlx::{QueryBuilder, Sqlite as Engine};

use crate::domain::Shift;

/// Pushes the local time, as `2026-11-22 13:45:00`, of the instant in a column; null outside the shifts, which
/// ascend.
pub(super) fn local_time(query: &mut QueryBuilder<Engine>, column: &'static str, shifts: &[Shift]) {
    let Some(last) = shifts.last() else {
        query.push("NULL");
        return;
    };
    query.push("CASE WHEN ").push(column).push(" >= ").push_bind(last.until.to_string()).push(" THEN NULL");
    // The latest first, where most of what is asked about is.
    for shift in shifts.iter().rev() {
        query.push(" WHEN ").push(column).push(" >= ").push_bind(shift.from.to_string());
        query.push(" THEN datetime(").push(column).push(", ");
        query.push_bind(format!("{:+} seconds", shift.offset)).push(")");
    }
    query.push(" END");
}
