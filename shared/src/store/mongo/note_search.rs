//! Ranked search among notes. The text index begins with the user, so that a search reads nobody else's entries; such
//! an index wants the user to equal one value and takes one text query at a time, so each word is asked for by itself,
//! in each form in which notes name the user, and the answers are joined.

use std::collections::HashMap;

use bson::{Bson, Document, bson, doc};
use futures::TryStreamExt;
use serde::Deserialize;

use super::{
    Mongo, Result, TRANSFER_WITHIN,
    convert::Plain,
    fields::{escaped, readable},
    listing::{By, cut, direction},
    notes::{NOTES, by, forms, narrowed, of, read},
    within,
};
use crate::{
    domain::{Id, Query},
    store::{Listing, NoteFilter, NoteHit, NoteOrder, Window},
};

/// A field a run is looked for in, and how much a hit there counts.
const WEIGHTS: [(&str, f64); 3] = [("title", 10.0), ("tags", 5.0), ("content", 1.0)];

/// The fields of the text index with the same weights.
pub(super) fn text_keys() -> (Document, Document) {
    let keys = WEIGHTS.map(|(field, _)| (field.to_owned(), Bson::from("text")));
    let weights = WEIGHTS.map(|(field, weight)| (field.to_owned(), Bson::from(weight as i32)));
    let keys = [("user".to_owned(), Bson::from(1))].into_iter().chain(keys).collect();
    (keys, weights.into_iter().collect())
}

impl Mongo {
    /// Notes with everything the query asks for.
    pub async fn search_notes(
        &self,
        filter: &NoteFilter,
        query: &Query,
        order: Option<NoteOrder>,
        window: &Window,
    ) -> Result<Listing<NoteHit>> {
        #[derive(Deserialize)]
        struct Place {
            #[serde(rename = "_id")]
            id: Id,
            score: f64,
        }
        #[derive(Deserialize)]
        struct Count {
            notes: u64,
        }
        #[derive(Deserialize)]
        struct Found {
            places: Vec<Place>,
            total: Vec<Count>,
        }
        let forms = self.forms_in_use(filter.user_id).await?;
        let Some(stages) = stages(filter, query, order, window, &forms) else {
            return Ok(Listing::empty());
        };
        let found: Vec<Found> = self.all(self.docs(NOTES).aggregate(stages).with_type()).await?;
        let Some(Found { places, total }) = found.into_iter().next() else {
            return Ok(Listing::empty());
        };
        let places = Listing::new(places, window, total.first().map_or(0, |count| count.notes));
        let ids: Vec<Id> = places.items.iter().map(|place| place.id).collect();
        let these = doc! { "_id": { "$in": ids }, "user": of(filter.user_id) };
        // One after the other: a page may have a hundred contents of a megabyte.
        let read = async {
            let mut hits = HashMap::new();
            let mut docs = self.of::<Plain>(NOTES).find(these).await?;
            while let Some(Plain(doc)) = docs.try_next().await? {
                if let Some(note) = readable(read(&doc)) {
                    hits.insert(note.id, NoteHit::new(note, 0.0, query));
                }
            }
            Ok(hits)
        };
        let mut hits: HashMap<Id, NoteHit> = within(TRANSFER_WITHIN, read).await?;
        Ok(places.filter_map(|place| Some(NoteHit { score: place.score, ..hits.remove(&place.id)? })))
    }

    /// The forms in which notes name this user.
    async fn forms_in_use(&self, user_id: Id) -> Result<Vec<Bson>> {
        let used = self.run(self.docs(NOTES).distinct("user", doc! { "user": of(user_id) })).await?;
        Ok(forms(user_id).into_iter().filter(|form| used.contains(form)).collect())
    }
}

/// The whole search; none where there is nothing to look for or to look in.
fn stages(
    filter: &NoteFilter,
    query: &Query,
    order: Option<NoteOrder>,
    window: &Window,
    forms: &[Bson],
) -> Option<Vec<Document>> {
    let key = match order.map(by) {
        Some(By::Key(key)) => key,
        _ => Bson::Null,
    };
    let words =
        query.words.iter().flat_map(|word| forms.iter().map(|form| with_word(word, form, filter, &key)));
    let runs = query.runs.iter().filter(|_| !forms.is_empty()).map(|run| with_run(run, forms, filter, &key));
    let mut branches = words.chain(runs);
    let mut stages = branches.next()?;
    stages.extend(branches.map(|branch| doc! { "$unionWith": { "coll": NOTES, "pipeline": branch } }));
    stages.push(doc! { "$group": {
        "_id": "$_id", "parts": { "$sum": 1 }, "score": { "$sum": "$score" }, "key": { "$first": "$key" },
    } });
    let parts = i32::try_from(query.words.len() + query.runs.len()).unwrap_or(i32::MAX);
    stages.push(doc! { "$match": { "parts": parts } });
    let sort = match order {
        None => doc! { "score": -1, "_id": -1 },
        Some(_) => doc! { "key": direction(window), "_id": direction(window) },
    };
    let mut places = vec![doc! { "$sort": sort }];
    places.extend(cut(window));
    stages.push(doc! { "$facet": { "places": places, "total": [{ "$count": "notes" }] } });
    Some(stages)
}

/// The notes with a word, each with how well it matches.
fn with_word(word: &str, form: &Bson, filter: &NoteFilter, key: &Bson) -> Vec<Document> {
    let mut wanted = vec![doc! { "user": form.clone(), "$text": { "$search": word } }];
    wanted.extend(narrowed(filter));
    vec![
        doc! { "$match": { "$and": wanted } },
        doc! { "$project": { "score": { "$meta": "textScore" }, "key": key.clone() } },
    ]
}

/// The notes with a run of a script that is written together, which no text index finds within other text.
fn with_run(run: &str, forms: &[Bson], filter: &NoteFilter, key: &Bson) -> Vec<Document> {
    let has = doc! { "$regex": escaped(run), "$options": "i" };
    let anywhere: Vec<Document> = WEIGHTS.iter().map(|(field, _)| doc! { *field: has.clone() }).collect();
    let mut wanted = vec![doc! { "user": { "$in": forms.to_vec() } }, doc! { "$or": anywhere }];
    wanted.extend(narrowed(filter));
    let points: Vec<Bson> = WEIGHTS
        .iter()
        .map(|(field, weight)| bson!({ "$cond": [found_in(field, run), *weight, 0.0] }))
        .collect();
    vec![
        doc! { "$match": { "$and": wanted } },
        doc! { "$project": { "score": { "$add": points }, "key": key.clone() } },
    ]
}

/// Whether a text, or any of a list of texts, has a run.
fn found_in(field: &str, run: &str) -> Document {
    let field = format!("${field}");
    let matches = |input: Bson| {
        let is_text = bson!({ "$eq": [{ "$type": input.clone() }, "string"] });
        let has = bson!({ "$regexMatch": { "input": input, "regex": escaped(run), "options": "i" } });
        bson!({ "$cond": [is_text, has, false] })
    };
    let each = bson!({ "$map": { "input": &field, "as": "text", "in": matches("$$text".into()) } });
    doc! { "$cond": [{ "$isArray": [&field] }, { "$anyElementTrue": [each] }, matches(field.clone().into())] }
}
