//! Where state lives.

use std::path::PathBuf;

use secrecy::SecretString;

use super::{ConfigError, Program, Source, reader::Reader};

/// Where state lives.
#[derive(Debug, Clone)]
pub enum Backends {
    /// Everything in this process, under a directory.
    Embedded {
        /// `DATA_DIR`.
        data_dir: PathBuf,
    },
    /// MongoDB and Redis.
    Services {
        /// `MONGODB_URL` or `MONGODB_URI`.
        mongodb_url: SecretString,
        /// `REDIS_URL`.
        redis_url: SecretString,
        /// `DATABASE_NAME`; also the prefix of all Redis keys.
        database: String,
    },
}

impl Backends {
    /// The backends alone, for commands that need nothing else.
    pub fn alone(source: &Source) -> Result<Self, ConfigError> {
        let mut reader = Reader::new(Program::Api, source);
        let backends = read(&mut reader);
        let mistakes = reader.finish().1;
        match backends {
            Some(backends) if mistakes.is_empty() => Ok(backends),
            _ => Err(ConfigError(mistakes)),
        }
    }
}

/// The database alone, for commands that need nothing else: its address and its name.
pub fn database(source: &Source) -> Result<(SecretString, String), ConfigError> {
    let mut reader = Reader::new(Program::Api, source);
    let url = reader.secret("MONGODB_URL");
    if url.is_none() {
        reader.mistake("MONGODB_URL is missing: it names the database whose data is to be moved".into());
    }
    let name = database_name(&mut reader);
    match (url, reader.finish().1) {
        (Some(url), mistakes) if mistakes.is_empty() => Ok((url, name)),
        (_, mistakes) => Err(ConfigError(mistakes)),
    }
}

fn database_name(reader: &mut Reader<'_>) -> String {
    reader.text_or("DATABASE_NAME", "smartstudy")
}

pub(super) fn read(reader: &mut Reader<'_>) -> Option<Backends> {
    let mongodb = reader.secret("MONGODB_URL");
    let redis = reader.secret("REDIS_URL");
    let database = database_name(reader);
    let data_dir = reader.text_or("DATA_DIR", "./data");
    let lacks = |set: &str, other: &str| {
        format!("{set} is set but {other} is not: set both, or neither to run embedded")
    };
    match (mongodb, redis) {
        (None, None) => Some(Backends::Embedded { data_dir: data_dir.into() }),
        (Some(mongodb_url), Some(redis_url)) => Some(Backends::Services { mongodb_url, redis_url, database }),
        (Some(_), None) => {
            reader.mistake(lacks("MONGODB_URL", "REDIS_URL"));
            None
        }
        (None, Some(_)) => {
            reader.mistake(lacks("REDIS_URL", "MONGODB_URL"));
            None
        }
    }
}
