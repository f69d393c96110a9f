//! Notes: written, listed, filed, thrown away.

use harness::Client;
use harness::client::Reply;
use reqwest::Method;
use serde_json::{Value, json};

use crate::mix::Mix;
use crate::support::*;

on_each_mix!(
    a_note_is_made_read_changed_and_deleted,
    a_note_has_limits_and_its_problems_name_the_fields,
    a_content_of_one_megabyte_is_kept_however_it_is_written,
    null_takes_a_category_away_and_changes_nothing_else,
    a_change_of_another_version_is_refused,
    of_changes_with_the_same_version_one_is_made,
    somebody_elses_note_does_not_exist,
    lists_are_narrowed_sorted_and_walked,
    tags_and_categories_are_counted,
    the_old_search_takes_text_as_it_is,
    the_trash_is_listed_restored_and_purged,
    strange_queries_are_answered,
);

async fn add(client: &Client, note: Value) -> Value {
    client.post("/notes", &note).await.expect(201).json
}

fn path(note: &Value) -> String {
    format!("/notes/{}", text(&note["id"]))
}

fn titles(reply: &Reply) -> Vec<&str> {
    items(&reply.json).iter().map(|note| text(&note["title"])).collect()
}

async fn a_note_is_made_read_changed_and_deleted(mix: Mix) {
    let learner = mix.learner().await;
    let made = learner
        .post(
            "/notes",
            &json!({
                "title": " Cells ", "content": "# Cells\nare small.\n", "tags": ["Bio", " bio", "exam"],
                "category": "School", "metadata": { "pinned": true, "n": 1.0 }, "unknown": { "is": "ignored" },
            }),
        )
        .await
        .expect(201);
    let note = &made.json;
    assert_eq!(made.header("location"), path(note));
    for (name, value) in [
        ("title", json!("Cells")),
        ("content", json!("# Cells\nare small.\n")),
        ("tags", json!(["Bio", "exam"])),
        ("category", json!("School")),
        ("metadata", json!({ "pinned": true, "n": 1, "category": "School" })),
        ("_id", note["id"].clone()),
        ("updatedAt", note["createdAt"].clone()),
    ] {
        assert_eq!(note[name], value, "{made}");
    }
    for absent in ["excerpt", "score", "highlights", "deletedAt", "user", "userId"] {
        assert_eq!(note.get(absent), None);
    }
    assert_instant(&note["createdAt"]);
    assert_eq!(learner.get(&path(note)).await.expect(200).json, *note);

    let mut wanted = note.clone();
    for (method, change) in [
        (Method::PUT, json!({ "title": "Organelles" })),
        (Method::PATCH, json!({ "content": "" })),
        (Method::PUT, json!({ "tags": [] })),
        (Method::PATCH, json!({})),
    ] {
        let request = learner.request(method, &path(note)).json(&change);
        let changed = learner.send(request).await.expect(200).json;
        assert!(text(&changed["updatedAt"]) > text(&wanted["updatedAt"]));
        wanted["updatedAt"] = changed["updatedAt"].clone();
        for (name, value) in change.as_object().unwrap() {
            wanted[name] = value.clone();
        }
        assert_eq!(changed, wanted);
        assert_eq!(learner.get(&path(note)).await.expect(200).json, wanted);
    }
    let gone = learner.delete(&path(note)).await.expect(200);
    assert_eq!(gone.json, json!({ "message": "Note deleted successfully" }));
    assert_problem(&learner.get(&path(note)).await, 404, "note.not_found");
    assert_problem(&learner.delete(&path(note)).await, 404, "note.not_found");
    assert_problem(&learner.put(&path(note), &json!({ "title": "x" })).await, 404, "note.not_found");
    let bare = add(&learner, json!({ "title": "Bare" })).await;
    assert_eq!((&bare["content"], &bare["tags"], &bare["metadata"]), (&json!(""), &json!([]), &json!({})));
    assert_eq!(bare.get("category"), None);
}

async fn a_note_has_limits_and_its_problems_name_the_fields(mix: Mix) {
    let learner = mix.learner().await;
    let long = |length: usize| json!("é".repeat(length));
    let good = json!({
        "title": long(200), "tags": vec![long(50); 20], "category": long(100), "metadata": { "a": [{ "b": null }] },
    });
    let note = add(&learner, good.clone()).await;
    let deep = (0..9).fold(json!(1), |inner, _| json!({ "a": inner }));
    for (field, value, named) in [
        ("title", long(201), "title"),
        ("title", json!(""), "title"),
        ("title", json!(" \n\u{1f}"), "title"),
        ("title", json!("a\0"), "title"),
        ("title", json!(5), "title"),
        ("content", json!("a\0"), "content"),
        ("content", json!("x".repeat((1 << 20) + 1)), "content"),
        ("content", json!("é".repeat((1 << 19) + 1)), "content"),
        ("content", json!([]), "content"),
        ("tags", json!("a, b"), "tags"),
        ("tags", json!(vec!["x"; 21]), "tags"),
        ("tags", json!(["ok", " "]), "tags[1]"),
        ("tags", json!(["ok", "x".repeat(51)]), "tags[1]"),
        ("tags", json!(["a\0"]), "tags[0]"),
        ("tags", json!([null]), "tags[0]"),
        ("category", long(101), "category"),
        ("category", json!(" "), "category"),
        ("category", json!({}), "category"),
        ("metadata", json!([]), "metadata"),
        ("metadata", json!({ "$set": 1 }), "metadata"),
        ("metadata", json!({ "a": { "b.c": 1 } }), "metadata"),
        ("metadata", json!({ "a": ["\0"] }), "metadata"),
        ("metadata", json!({ "category": 5 }), "metadata"),
        ("metadata", json!({ "category": " " }), "metadata"),
        ("metadata", json!({ "a": "x".repeat(16 << 10) }), "metadata"),
        ("metadata", json!({ "a": deep }), "metadata"),
    ] {
        let mut bad = json!({ "title": "x" });
        bad[field] = value.clone();
        for path in ["/notes", "/notes/upload"] {
            assert_fields(&learner.post(path, &bad).await, &[named]);
        }
        assert_fields(&learner.patch(&path(&note), &json!({ field: value })).await, &[named]);
    }
    assert_fields(&learner.post("/notes", &json!({ "content": "x" })).await, &["title"]);
    assert_eq!(learner.get("/notes").await.header("x-total-count"), "1");
    assert_eq!(learner.get(&path(&note)).await.expect(200).json, note);
    assert_problem(&learner.get("/notes/x").await, 400, "id.invalid");
}

async fn a_content_of_one_megabyte_is_kept_however_it_is_written(mix: Mix) {
    let learner = mix.learner().await;
    let content = format!("Start {}end.", "\u{1} word\t".repeat((1 << 20) / 7 - 2));
    assert!(content.len() <= 1 << 20);
    let body = json!({ "title": "Large", "content": content });
    assert!(body.to_string().len() > content.len() * 13 / 8, "escapes make it larger");
    let note = add(&learner, body).await;
    assert!(learner.get(&path(&note)).await.expect(200).json["content"] == content.as_str());
    let changed = learner.put(&path(&note), &json!({ "content": format!("{} ", &content[..1000]) })).await;
    assert_eq!(text(&changed.expect(200).json["content"]).len(), 1001);
    let huge = json!({ "title": "Huge", "content": "x".repeat(8 << 20) });
    assert_problem(&learner.post("/notes", &huge).await, 413, "body.too_large");
    assert_problem(&learner.put(&path(&note), &huge).await, 413, "body.too_large");
}

async fn null_takes_a_category_away_and_changes_nothing_else(mix: Mix) {
    let learner = mix.learner().await;
    let note = add(&learner, json!({ "title": "x", "metadata": { "category": "Old", "a": 1 } })).await;
    assert_eq!(note["category"], "Old");
    let same = learner
        .patch(&path(&note), &json!({ "title": null, "tags": null, "content": null }))
        .await
        .expect(200);
    assert_eq!((&same.json["title"], &same.json["category"]), (&json!("x"), &json!("Old")));
    let filed = learner.patch(&path(&note), &json!({ "metadata": { "b": 2 } })).await.expect(200).json;
    assert_eq!(filed["metadata"], json!({ "b": 2, "category": "Old" }));
    let unfiled = learner.patch(&path(&note), &json!({ "category": null })).await.expect(200).json;
    assert_eq!((unfiled.get("category"), &unfiled["metadata"]), (None, &json!({ "b": 2 })));
}

async fn with_tag(client: &Client, method: Method, path: &str, tag: &str) -> Reply {
    client
        .send(client.request(method, path).header("If-Match", tag).json(&json!({ "title": "Changed" })))
        .await
}

async fn a_change_of_another_version_is_refused(mix: Mix) {
    let learner = mix.learner().await;
    let note = add(&learner, json!({ "title": "x" })).await;
    let path = path(&note);
    let tag = learner.get(&path).await.expect(200).header("etag").to_owned();
    let again = learner.request(Method::GET, &path).header("If-None-Match", &tag);
    assert_eq!(learner.send(again).await.status, 304);
    let changed = with_tag(&learner, Method::PUT, &path, &tag).await.expect(200).json;
    for method in [Method::PUT, Method::PATCH, Method::DELETE] {
        assert_problem(&with_tag(&learner, method, &path, &tag).await, 412, "precondition.failed");
    }
    assert_eq!(learner.get(&path).await.expect(200).json, changed);
    let tag = learner.get(&path).await.header("etag").to_owned();
    with_tag(&learner, Method::DELETE, &path, &tag).await.expect(200);
}

async fn of_changes_with_the_same_version_one_is_made(mix: Mix) {
    let learner = mix.learner().await;
    let note = add(&learner, json!({ "title": "x" })).await;
    let path = path(&note);
    let tag = learner.get(&path).await.expect(200).header("etag").to_owned();
    let changes = (0..8).map(|_| with_tag(&learner, Method::PATCH, &path, &tag));
    let mut statuses: Vec<_> =
        futures::future::join_all(changes).await.iter().map(|reply| reply.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 412, 412, 412, 412, 412, 412, 412]);
}

async fn somebody_elses_note_does_not_exist(mix: Mix) {
    let (owner, thief) = (mix.learner().await, mix.learner().await);
    let note = add(&owner, json!({ "title": "Secret", "tags": ["secret"], "category": "Secret" })).await;
    let path = path(&note);
    for reply in [
        thief.get(&path).await,
        thief.put(&path, &json!({ "title": "Mine" })).await,
        thief.patch(&path, &json!({ "title": "Mine" })).await,
        thief.delete(&path).await,
        thief.post(&format!("{path}/restore"), &json!({})).await,
    ] {
        assert_problem(&reply, 404, "note.not_found");
    }
    let lists = [
        "/notes",
        "/notes/tags",
        "/notes/categories",
        "/notes/trash",
        "/notes?search=secret",
        "/notes?tag=secret",
    ];
    for list in lists {
        assert_eq!(thief.get(list).await.expect(200).json, json!([]), "{list}");
    }
    assert_eq!(thief.post("/notes/search", &json!({ "query": "secret" })).await.expect(200).json, json!([]));
    owner.delete(&path).await.expect(200);
    let purge = format!("/notes/trash/{}", text(&note["id"]));
    assert_problem(&thief.delete(&purge).await, 404, "note.not_found");
    assert_eq!(thief.get("/notes/trash").await.expect(200).json, json!([]));
    owner.delete(&purge).await.expect(200);
}

/// The address in `Link`, if there is a next part.
fn next(reply: &Reply) -> Option<String> {
    let link = Some(reply.header("link")).filter(|link| !link.is_empty())?;
    Some(link.split_once(';')?.0.trim().trim_start_matches('<').trim_end_matches('>').to_owned())
}

async fn walk(client: &Client, start: &str) -> Vec<String> {
    let (mut found, mut place, mut parts) = (Vec::new(), Some(start.to_owned()), 0);
    while let Some(address) = place {
        let reply = client.get(&address).await.expect(200);
        found.extend(titles(&reply).into_iter().map(str::to_owned));
        place = next(&reply);
        parts += 1;
        assert!(parts < 20, "the walk does not end");
    }
    found
}

async fn lists_are_narrowed_sorted_and_walked(mix: Mix) {
    let learner = mix.learner().await;
    let mut notes = Vec::new();
    for (title, tags, category) in [
        ("banana", json!(["Fruit", "yellow"]), Some("Food")),
        ("Apple", json!(["fruit", "red"]), Some("Food")),
        ("cherry", json!(["fruit", "red"]), Some("Food & more")),
        ("Dill", json!([]), None),
    ] {
        let note = json!({ "title": title, "tags": tags, "category": category, "content": format!("{title}\n is\tgood ") });
        notes.push(add(&learner, note).await);
    }
    learner.patch(&path(&notes[1]), &json!({ "content": "An apple." })).await.expect(200);
    for (query, wanted) in [
        ("", vec!["Dill", "cherry", "Apple", "banana"]),
        ("sort=createdAt", vec!["banana", "Apple", "cherry", "Dill"]),
        ("sort=-createdAt", vec!["Dill", "cherry", "Apple", "banana"]),
        ("sort=-updatedAt", vec!["Apple", "Dill", "cherry", "banana"]),
        ("sort=updatedAt", vec!["banana", "cherry", "Dill", "Apple"]),
        ("sort=title", vec!["Apple", "banana", "cherry", "Dill"]),
        ("sort=-title", vec!["Dill", "cherry", "banana", "Apple"]),
        ("tag=FRUIT", vec!["cherry", "Apple", "banana"]),
        ("tag=fruit&tag=red", vec!["cherry", "Apple"]),
        ("tag=fruit&tag=red&category=Food", vec!["Apple"]),
        ("category=Food%20%26%20more", vec!["cherry"]),
        ("tag=fruit&tag=blue", vec![]),
        ("sort=title&tag=fruit", vec!["Apple", "banana", "cherry"]),
    ] {
        let reply = learner.get(&format!("/notes?{query}")).await.expect(200);
        assert_eq!(titles(&reply), wanted, "{query}");
        assert_eq!(reply.header("x-total-count"), wanted.len().to_string(), "{query}");
        for limit in [1, 2] {
            assert_eq!(walk(&learner, &format!("/notes?{query}&limit={limit}")).await, wanted, "{query}");
        }
    }
    let listed = learner.get("/notes?sort=title").await.expect(200).json;
    assert_eq!(
        (&listed[0]["excerpt"], &listed[1]["excerpt"]),
        (&json!("An apple."), &json!("banana is good"))
    );
    assert_eq!((listed[0].get("content"), &listed[0]["_id"]), (None, &notes[1]["id"]));
    let page = learner.get("/notes?sort=title&limit=2&page=2").await.expect(200);
    assert_eq!(titles(&page), ["cherry", "Dill"]);
    let cursor = next(&learner.get("/notes?sort=title&limit=1").await).unwrap();
    let cursor = cursor.split("cursor=").nth(1).unwrap();
    for (query, field) in [
        (format!("sort=updatedAt&cursor={cursor}"), "cursor"),
        (format!("cursor={cursor}"), "cursor"),
        (format!("search=x&cursor={cursor}"), "cursor"),
        ("sort=content".to_owned(), "sort"),
        ("sort=--title".to_owned(), "sort"),
        (format!("tag={}", "x".repeat(51)), "tag[0]"),
        (format!("category={}", "x".repeat(101)), "category"),
        (format!("search={}", "x".repeat(201)), "search"),
    ] {
        assert_fields(&learner.get(&format!("/notes?{query}")).await, &[field]);
    }
}

async fn tags_and_categories_are_counted(mix: Mix) {
    let learner = mix.learner().await;
    for (tags, category) in
        [(json!(["a", "B"]), Some("K")), (json!(["b"]), Some("K")), (json!(["B"]), Some("J"))]
    {
        add(&learner, json!({ "title": "x", "tags": tags, "category": category })).await;
    }
    let tags = learner.get("/notes/tags").await.expect(200).json;
    assert_eq!(tags, json!([{ "name": "B", "count": 3 }, { "name": "a", "count": 1 }]));
    let categories = learner.get("/notes/categories").await.expect(200).json;
    assert_eq!(categories, json!([{ "name": "K", "count": 2 }, { "name": "J", "count": 1 }]));
}

async fn the_old_search_takes_text_as_it_is(mix: Mix) {
    let learner = mix.learner().await;
    for note in [
        json!({ "title": "Photosynthesis", "content": "100% (sure)" }),
        json!({ "title": "Roots", "content": "a photo" }),
        json!({ "title": "Leaves", "tags": ["photo"] }),
        json!({ "title": "Stems", "tags": ["photos"] }),
    ] {
        add(&learner, note).await;
    }
    for (query, wanted) in [
        ("PHOTO", vec!["Roots", "Photosynthesis"]),
        ("photo", vec!["Leaves", "Roots", "Photosynthesis"]),
        ("100% (", vec!["Photosynthesis"]),
        (".*", vec![]),
    ] {
        let reply = learner.post("/notes/search", &json!({ "query": query })).await.expect(200);
        assert_eq!(titles(&reply), wanted, "{query}");
        assert_eq!(reply.header("x-total-count"), wanted.len().to_string());
    }
    let part =
        learner.post("/notes/search?limit=2&sort=createdAt", &json!({ "query": "photo" })).await.expect(200);
    assert_eq!(titles(&part), ["Photosynthesis", "Roots"]);
    let rest = learner.post(&next(&part).unwrap(), &json!({ "query": "photo" })).await.expect(200);
    assert_eq!(titles(&rest), ["Leaves"]);
    for bad in [json!({}), json!({ "query": "" }), json!({ "query": 5 }), json!({ "query": "x".repeat(201) })]
    {
        assert_fields(&learner.post("/notes/search", &bad).await, &["query"]);
    }
}

async fn the_trash_is_listed_restored_and_purged(mix: Mix) {
    let learner = mix.learner().await;
    let mut notes = Vec::new();
    for title in ["a", "b", "c"] {
        notes.push(add(&learner, json!({ "title": title, "content": "text", "tags": ["t"] })).await);
    }
    for note in [&notes[1], &notes[0], &notes[2]] {
        learner.delete(&path(note)).await.expect(200);
    }
    assert_eq!(learner.get("/notes").await.json, json!([]));
    assert_eq!(learner.get("/notes/tags").await.json, json!([]));
    let trash = learner.get("/notes/trash").await.expect(200);
    let mut deleted = titles(&trash);
    deleted.sort_unstable();
    assert_eq!(deleted, ["a", "b", "c"]);
    let times: Vec<_> = items(&trash.json).iter().map(|note| text(&note["deletedAt"])).collect();
    assert!(times.is_sorted_by(|a, b| a >= b));
    assert_instant(&trash.json[0]["deletedAt"]);
    assert_eq!((&trash.json[0]["excerpt"], trash.json[0].get("content")), (&json!("text"), None));
    let mut oldest = walk(&learner, "/notes/trash?limit=1&sort=deletedAt").await;
    oldest.reverse();
    assert_eq!(oldest, titles(&trash));

    let restore = format!("{}/restore", path(&notes[0]));
    let mut restored = learner.post(&restore, &json!({})).await.expect(200).json;
    assert_eq!(learner.post(&restore, &json!({})).await.expect(200).json, restored);
    assert_eq!(learner.get(&path(&notes[0])).await.expect(200).json, restored);
    assert!(text(&restored["updatedAt"]) > text(&notes[0]["updatedAt"]), "a restored note has changed");
    restored["updatedAt"] = notes[0]["updatedAt"].clone();
    assert_eq!(restored, notes[0]);
    let purge = |note: &Value| format!("/notes/trash/{}", text(&note["id"]));
    assert_problem(&learner.delete(&purge(&notes[0])).await, 404, "note.not_found");
    let gone = learner.delete(&purge(&notes[1])).await.expect(200);
    assert_eq!(gone.json, json!({ "message": "Note purged successfully" }));
    assert_problem(&learner.delete(&purge(&notes[1])).await, 404, "note.not_found");
    assert_problem(
        &learner.post(&format!("{}/restore", path(&notes[1])), &json!({})).await,
        404,
        "note.not_found",
    );
    assert_eq!(titles(&learner.get("/notes/trash").await), ["c"]);
}

async fn strange_queries_are_answered(mix: Mix) {
    let learner = mix.learner().await;
    add(&learner, json!({ "title": "x" })).await;
    for query in [
        "search=%00",
        "search=%22",
        "search=-",
        "search=%27%29%3B--",
        "search=a%00b",
        "search=%EF%BF%BF",
        "search=*",
        "search=NOT%20OR%20AND",
        "search=title%3Ax",
        "search=%F0%9F%98%80",
        "tag=%00",
        "tag=%5C",
        "tag=(",
        "category=%00",
        "category=%24ne",
        "search=%E5%85%89%00",
    ] {
        let reply = learner.get(&format!("/notes?{query}")).await.expect(200);
        assert_eq!(reply.json, json!([]), "{query}");
    }
    for query in ["search=", "search=%20%20"] {
        assert_eq!(titles(&learner.get(&format!("/notes?{query}")).await.expect(200)), ["x"], "{query}");
    }
}
