//! Accounts, several of which may have the same e-mail.

use mongodb::bson::{Bson, DateTime, Document, doc};

use super::{
    dirt::Dirty,
    spoils::{self, Spoil, held, iso, put, unset},
    world::{DAY, SPAN, START, Shape, World, after},
};

pub(super) const USERS: &str = "users";

/// What follows the version in the bcrypt hash of the tests' password, at the least cost.
const HASH: &str = "04$Xq7vR1mN0sLbKd3Fh5JtOeFUmTDCpdHnL/S5xqMSrEciEYa4h29ES";
const VERSIONS: [&str; 3] = ["$2a$", "$2b$", "$2y$"];
const CREATED: [&str; 2] = ["createdAt", "created_at"];

const NO_EMAIL: &str = "user.no_email";
const PASSWORD_UNUSABLE: &str = "user.password_unusable";
const EMAIL_SHARED: &str = "user.email_shared";

pub(super) fn user(world: &mut World) -> Document {
    let email = format!("student{}@mail.test", world.number());
    account(world, &email)
}

fn account(world: &mut World, email: &str) -> Document {
    let shape = world.shape();
    let password = world.pick(&VERSIONS).to_owned() + HASH;
    let role = world.pick(&["student", "student", "student", "teacher", "admin"]);
    let mut fields =
        doc! { "name": format!("Student {}", world.number()), "email": email, "password": password };
    fields.extend(match shape {
        Shape::Mongoose if world.chance(50) => doc! {},
        Shape::Mongoose => doc! { "role": role, "isActive": world.chance(95) },
        Shape::Beanie => doc! { "role": role, "is_active": world.chance(95) },
    });
    world.stamped(shape, fields)
}

pub(super) const SPOILS: &[Spoil] = &[
    shared,
    |_, made| email(made, |email| format!(" {email}\t ")),
    |_, made| email(made, str::to_uppercase),
    |_, made| password(made, None),
    |_, made| no_email(made, None),
    spoils::without_created,
    shared,
    spoils::dates_as_text,
    |_, made| made.document.extend(doc! { "role": null, "isActive": null }),
    |_, made| unset(made, &["role", "isActive", "is_active"]),
    |_, made| no_email(made, Some(Bson::Null)),
    |_, made| password(made, Some("hunter2".into())),
    shared,
    named_as_another_would_be,
    |_, made| made.document.extend(doc! { "username": null, "emailNormalized": null, "preferences": null }),
    spoils::with_unknown_fields,
    |_, made| no_email(made, Some("  ".into())),
    |_, made| password(made, Some(Bson::Null)),
    spoils::named_by_text,
    spoils::named_by_number,
    |_, made| password(made, Some("5f4dcc3b5aa765d61d8327deb882cf99".into())),
    |_, made| password(made, Some(format!("$2b${}", &HASH[..40]).into())),
    |_, made| password(made, Some("$argon2id$v=19$m=65536,t=3,p=4$c2FsdHNhbHQ$aGFzaA".into())),
    |_, made| {
        no_email(made, Some("".into()));
        password(made, Some("".into()));
    },
];

fn email(made: &mut Dirty, change: fn(&str) -> String) {
    let email = change(made.document.get_str("email").expect("an e-mail"));
    made.document.insert("email", email);
}

fn no_email(made: &mut Dirty, email: Option<Bson>) {
    put(made, &["email"], email);
    made.findings.push(NO_EMAIL);
}

fn password(made: &mut Dirty, password: Option<Bson>) {
    put(made, &["password"], password);
    made.findings.push(PASSWORD_UNUSABLE);
}

/// Has a username already, that which the next account would get for its e-mail.
fn named_as_another_would_be(world: &mut World, made: &mut Dirty) {
    let name = format!("known{}", world.number());
    world.twins.push_back(Twin { email: format!("{name}@mail.test"), made: Made::Said, keeps_email: true });
    made.document.insert("username", name);
}

/// An account that is to come because of an earlier one.
pub(super) struct Twin {
    email: String,
    made: Made,
    keeps_email: bool,
}

/// What an account says of when it was made.
#[derive(Clone, Copy)]
enum Made {
    Said,
    SaidAsText,
    Unsaid,
    Unreadable,
    At(DateTime),
}

const MADE: [Made; 4] = [Made::Said, Made::SaidAsText, Made::Unsaid, Made::Unreadable];

/// How accounts with the same e-mail write it.
const SPELLINGS: [[&str; 4]; 3] = [
    ["twin#@mail.test"; 4],
    [" Twin#@Mail.Test", "twin#@mail.test", "TWIN#@MAIL.TEST\n", "twin#@mail.test "],
    ["Ärger#@mail.test", "ärger#@mail.test", "äRGER#@mail.test", "ÄRGER#@MAIL.TEST"],
];

/// Who of those with the same e-mail was there first, by what they say themselves.
#[derive(Clone, Copy)]
enum Oldest {
    First,
    Second,
    Last,
}

const OLDEST: [Oldest; 3] = [Oldest::First, Oldest::Second, Oldest::Last];

/// Gives an account an e-mail that some others will have, too.
fn shared(world: &mut World, first: &mut Dirty) {
    let group = world.shared_emails;
    world.shared_emails += 1;
    let oldest = OLDEST[group % OLDEST.len()];
    // So that each spelling meets each order.
    let spellings = SPELLINGS[(group + group / OLDEST.len()) % SPELLINGS.len()];
    let number = world.number().to_string();
    let made = first.document.get_object_id("_id").expect("an id").timestamp();
    let long_after = DateTime::from_millis((START + 2 * SPAN) * 1000);
    let days = (10 + world.below(300) as i64) * DAY * 1000;
    let last = 1 + world.below(spellings.len() - 1);
    for (at, spelling) in spellings.iter().enumerate().take(last + 1) {
        let natural = world.pick(&MADE);
        let (made, keeps_email) = match oldest {
            Oldest::First => (natural, at == 0),
            Oldest::Second if at == 0 => (Made::At(after(long_after, days)), false),
            Oldest::Second => (natural, at == 1),
            Oldest::Last if at == last => (Made::At(after(made, -days)), true),
            Oldest::Last => (natural, false),
        };
        let twin = Twin { email: spelling.replace('#', &number), made, keeps_email };
        if at == 0 {
            twin.shape(world, first);
        } else {
            world.twins.push_back(twin);
        }
    }
}

/// The account that has waited longest, if more than so many do.
pub(super) fn next_twin(world: &mut World, held: usize) -> Option<Dirty> {
    if world.twins.len() <= held {
        return None;
    }
    let twin = world.twins.pop_front()?;
    let mut made = Dirty { collection: USERS, document: account(world, ""), findings: Vec::new() };
    twin.shape(world, &mut made);
    if world.chance(10) {
        password(&mut made, None);
    }
    Some(made)
}

impl Twin {
    fn shape(self, world: &mut World, account: &mut Dirty) {
        account.document.insert("email", self.email);
        let created = held(&account.document, &CREATED);
        match self.made {
            Made::Said => {}
            Made::SaidAsText => {
                let date = *account.document.get_datetime(created).expect("a time");
                account.document.insert(created, iso(date, world.chance(50)));
            }
            Made::Unsaid => drop(account.document.remove(created)),
            Made::Unreadable => drop(account.document.insert(created, "a while ago")),
            Made::At(date) => drop(account.document.insert(created, date)),
        }
        if !self.keeps_email {
            account.findings.push(EMAIL_SHARED);
        }
    }
}
