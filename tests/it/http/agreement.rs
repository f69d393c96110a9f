//! Both mixes of backends give the same answers to the same calls, at every endpoint.

use std::collections::BTreeSet;

use crate::mix::Mix;
use crate::tour::tour;

#[tokio::test]
async fn both_mixes_answer_every_call_alike() {
    let options = || Mix::options().env("RATE_LIMITS", "off");
    let (embedded, production) =
        tokio::join!(Mix::Embedded.start(options()), Mix::Production.start(options()));
    let (ours, theirs) = tokio::join!(tour(Mix::Embedded, &embedded), tour(Mix::Production, &production));
    for (one, other) in ours.iter().zip(&theirs) {
        assert_eq!(one, other, "embedded on the left, production on the right");
    }
    assert_eq!(ours.len(), theirs.len());

    // The tour leaves no operation of the document out.
    let document = embedded.client().get("/openapi.json").await.expect(200).json;
    let visited: BTreeSet<String> = ours.iter().filter_map(|(call, _)| operation(call, &document)).collect();
    let missed: Vec<String> =
        operations(&document).filter(|operation| !visited.contains(operation)).collect();
    assert!(missed.is_empty(), "the tour does not visit {missed:#?}");
}

fn operations(document: &serde_json::Value) -> impl Iterator<Item = String> {
    let paths = document["paths"].as_object().expect("paths");
    paths.iter().flat_map(|(path, item)| {
        let methods = item.as_object().expect("operations").keys();
        methods.map(move |method| format!("{} {path}", method.to_uppercase()))
    })
}

/// The operation that a call such as `3 GET /quiz/id1?limit=2` belongs to: the one with the most literal path.
fn operation(call: &str, document: &serde_json::Value) -> Option<String> {
    let mut words = call.split(' ').skip(1);
    let (method, target) = (words.next()?, words.next()?);
    let path = target.split('?').next().unwrap_or(target).trim_end_matches('/');
    let parts: Vec<&str> = path.split('/').collect();
    let fits = |operation: &String| {
        let Some((verb, template)) = operation.split_once(' ') else { return false };
        let template: Vec<&str> = template.split('/').collect();
        let same = |(part, wanted): (&&str, &&str)| wanted.starts_with('{') || part == wanted;
        verb == method && template.len() == parts.len() && parts.iter().zip(&template).all(same)
    };
    operations(document).filter(fits).min_by_key(|operation| operation.matches('{').count())
}
