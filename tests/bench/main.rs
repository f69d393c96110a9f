//! Measures what the documentation states.

fn main() {}
