//! Accounts as the old backend left them.

use harness::Mongod;
use mongodb::bson::{DateTime, doc, oid::ObjectId};
use shared::store::Store;

/// The old backend took the same address in another case for another one; the oldest has the normalized form.
#[tokio::test]
async fn of_accounts_with_one_email_in_two_cases_each_is_found_by_its_own() {
    let mongod = Mongod::shared().await;
    let database = mongod.database();
    let store = Store::mongo(&mongod.url(), &database, harness::process::PATIENCE).await.unwrap();
    let client = mongodb::Client::with_uri_str(mongod.url()).await.unwrap();
    let users = client.database(&database).collection("users");
    let ids =
        ["64b0c0ffee64b0c0ffee64b0", "64b0c0ffee64b0c0ffee64b1"].map(|id| ObjectId::parse_str(id).unwrap());
    let account = |id, email: &str| {
        doc! {
            "_id": id, "email": email, "name": "Ada", "password": "$2b$10$hash", "role": "student", "isActive": true,
            "createdAt": DateTime::from_millis(1_700_000_000_000), "updatedAt": DateTime::from_millis(1_700_000_000_000),
        }
    };
    let mut oldest = account(ids[0], "ada@x.org");
    oldest.insert("emailNormalized", "ada@x.org");
    users.insert_many([oldest, account(ids[1], "Ada@x.org")]).await.unwrap();
    for (email, expected) in
        [("ada@x.org", ids[0]), ("Ada@x.org", ids[1]), (" ADA@X.ORG ", ids[0]), (" Ada@x.org", ids[1])]
    {
        let found = store.user_by_email(email).await.unwrap().expect(email);
        assert_eq!(found.id, expected.into(), "{email}");
    }
}
