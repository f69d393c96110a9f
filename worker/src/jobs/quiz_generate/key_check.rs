//! Whether keys are found again: asked of a model once, however often the same question is written.

use shared::{domain::Id, store::StoreError};

use crate::{
    Context,
    draft::Draft,
    llm::{self, Check, LlmError, Provider, Purpose},
    run::{Run, Stop},
};

use super::author::address;

/// What a model says about the keys of these drafts; if it was asked the very same before, what it said then. Nobody
/// can tell which from what they are counted.
pub(super) async fn checked(
    context: &Context,
    run: &Run,
    provider: &Provider,
    drafts: &[&Draft],
    owner: Option<Id>,
) -> Result<Result<Check, LlmError>, Stop> {
    let key = address("check", provider, "", &llm::check_messages(drafts));
    let _lead = context.cache.lead(&key).await;
    let kept = context.cache.get(&key, owner).await?;
    if let Some(check) = kept.and_then(|kept| serde_json::from_str(&kept).ok()) {
        return Ok(Ok(check));
    }
    let user_id = owner.map(|id| id.to_string());
    let client = provider.recorded(Purpose::KeyCheck, &run.tape);
    let call = llm::check_keys(&client, drafts, user_id.as_deref());
    let asked = provider.call(Purpose::KeyCheck, call).await;
    let used = match &asked {
        Ok(check) => Some(check.usage),
        Err(error) => error.usage(),
    };
    if let Some(used) = used {
        context.paid(provider, used);
    }
    if let Ok(check) = &asked {
        let value = serde_json::to_string(check).map_err(|error| StoreError::Internal(error.into()))?;
        context.cache.put(&key, value, owner).await?;
        run.outlived().await?;
    }
    Ok(asked)
}
