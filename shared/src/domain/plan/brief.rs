//! What a plan is made from.

use jiff::civil::Weekday;
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use crate::domain::Day;

/// How hard a subject is to its student.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum SubjectDifficulty {
    /// Needs the least time.
    Easy,
    /// In between.
    Moderate,
    /// Needs the most time.
    Hard,
}

/// How much something matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Priority {
    /// The first to give way.
    Low,
    /// In between.
    Medium,
    /// The last to give way.
    High,
}

/// A subject of the exam.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Subject {
    /// Its name, no other subject's of the plan.
    pub name: String,
    /// The part of it that matters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub topic: Option<String>,
    /// How hard it is.
    pub difficulty: SubjectDifficulty,
    /// How much it matters.
    pub priority: Priority,
}

/// Hours for study by weekday, 0–24; a day that is absent has the plan's daily hours.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, ToSchema)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Availability {
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0, maximum = 24, nullable = false)]
    pub monday: Option<f64>,
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0, maximum = 24, nullable = false)]
    pub tuesday: Option<f64>,
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0, maximum = 24, nullable = false)]
    pub wednesday: Option<f64>,
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0, maximum = 24, nullable = false)]
    pub thursday: Option<f64>,
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0, maximum = 24, nullable = false)]
    pub friday: Option<f64>,
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0, maximum = 24, nullable = false)]
    pub saturday: Option<f64>,
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0, maximum = 24, nullable = false)]
    pub sunday: Option<f64>,
}

/// Null could mean no hours as well as the plan's, so it is not taken.
fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
    f64::deserialize(deserializer).map(Some)
}

impl Availability {
    /// The hours of each weekday with its name, Monday first.
    pub fn by_weekday(&self) -> [(&'static str, Option<f64>); 7] {
        [
            ("monday", self.monday),
            ("tuesday", self.tuesday),
            ("wednesday", self.wednesday),
            ("thursday", self.thursday),
            ("friday", self.friday),
            ("saturday", self.saturday),
            ("sunday", self.sunday),
        ]
    }
}

/// What a plan is made from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PlanBrief {
    /// The subjects, 1–20.
    pub subjects: Vec<Subject>,
    /// Hours for study on a day for which `availability` says nothing.
    pub daily_study_hours: f64,
    /// The day of the exam.
    pub exam_date: Day,
    /// The student's own words about what is to be reached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub goals: Option<String>,
    /// Hours by weekday, where they differ.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub availability: Option<Availability>,
}

impl PlanBrief {
    /// Whole minutes for study, breaks included, on a weekday.
    pub fn minutes(&self, weekday: Weekday) -> u32 {
        let at = usize::try_from(weekday.to_monday_zero_offset()).unwrap_or(0);
        let asked = self.availability.and_then(|week| week.by_weekday()[at].1);
        (asked.unwrap_or(self.daily_study_hours).clamp(0.0, 24.0) * 60.0) as u32
    }

    /// Whole minutes for study, breaks included, on a day.
    pub fn minutes_on(&self, day: Day) -> u32 {
        self.minutes(day.0.weekday())
    }
}
