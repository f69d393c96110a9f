//! Notes as requests have them.

use garde::Validate;
use serde::{Deserialize, Deserializer};
use shared::domain::{
    Metadata, NOTE_CATEGORY_MAX, NOTE_CONTENT_MAX, NOTE_TAG_MAX, NOTE_TAGS_MAX, NOTE_TITLE_MAX, NoteChange,
    is_visible, metadata_fault,
};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        Array, Object, ObjectBuilder, OneOfBuilder, Ref, RefOr, Schema,
        schema::{AdditionalProperties, SchemaType, Type},
    },
};

use crate::{extract::Validated, problem::Problem, routes::upload::Upload};

/// Text with something to see in it and without U+0000.
const VISIBLE: &str = "^[^\\u0000]*[^\\s\\u0000-\\u001f\\u007f-\\u009f][^\\u0000]*$";
/// Text without U+0000.
const TEXT: &str = "^[^\\u0000]*$";
/// A name within metadata.
const NAME: &str = "^[^$.\\u0000][^.\\u0000]*$";

/// A new note.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
pub struct NewNote {
    /// Its name.
    #[garde(custom(name(NOTE_TITLE_MAX)))]
    #[schema(
        min_length = 1,
        max_length = 200,
        pattern = "^[^\\u0000]*[^\\s\\u0000-\\u001f\\u007f-\\u009f][^\\u0000]*$"
    )]
    pub title: String,
    /// Its text, at most 1 MB (1,048,576 bytes) in UTF-8.
    #[garde(inner(custom(storable)))]
    #[schema(max_length = 1048576, pattern = "^[^\\u0000]*$")]
    pub content: Option<String>,
    /// At most 20 tags; of those that differ in case only, the first counts.
    #[garde(inner(length(max = NOTE_TAGS_MAX), inner(custom(name(NOTE_TAG_MAX)))))]
    #[schema(max_items = 20, value_type = Option<Vec<Name<50>>>)]
    pub tags: Option<Vec<String>>,
    /// What it is filed under.
    #[garde(inner(custom(name(NOTE_CATEGORY_MAX))))]
    #[schema(value_type = Option<Name<100>>)]
    pub category: Option<String>,
    /// Anything else, at most 16 KB as JSON and 8 levels deep. A `category` in it counts when there is none beside it.
    #[garde(inner(custom(bounded)))]
    #[schema(value_type = Option<MetadataForm>)]
    pub metadata: Option<Metadata>,
}

/// What changes of a note; what is not given stays.
#[derive(Debug, Deserialize, Validate, ToSchema)]
pub struct ChangedNote {
    /// Its name.
    #[garde(inner(custom(name(NOTE_TITLE_MAX))))]
    #[schema(
        min_length = 1,
        max_length = 200,
        pattern = "^[^\\u0000]*[^\\s\\u0000-\\u001f\\u007f-\\u009f][^\\u0000]*$"
    )]
    title: Option<String>,
    /// Its text, at most 1 MB (1,048,576 bytes) in UTF-8.
    #[garde(inner(custom(storable)))]
    #[schema(max_length = 1048576, pattern = "^[^\\u0000]*$")]
    content: Option<String>,
    /// All its tags, at most 20.
    #[garde(inner(length(max = NOTE_TAGS_MAX), inner(custom(name(NOTE_TAG_MAX)))))]
    #[schema(max_items = 20, value_type = Option<Vec<Name<50>>>)]
    tags: Option<Vec<String>>,
    /// What it is filed under; null takes it away.
    #[serde(default, deserialize_with = "given")]
    #[garde(inner(inner(custom(name(NOTE_CATEGORY_MAX)))))]
    #[schema(value_type = Option<Name<100>>)]
    category: Option<Option<String>>,
    /// All its metadata, at most 16 KB as JSON and 8 levels deep. The category stays unless there is one in it.
    #[garde(inner(custom(bounded)))]
    #[schema(value_type = Option<MetadataForm>)]
    metadata: Option<Metadata>,
}

impl From<NewNote> for NoteChange {
    fn from(note: NewNote) -> Self {
        Self {
            title: Some(note.title),
            content: note.content,
            tags: note.tags,
            category: note.category.map(Some),
            metadata: note.metadata,
        }
    }
}

impl From<ChangedNote> for NoteChange {
    fn from(note: ChangedNote) -> Self {
        Self {
            title: note.title,
            content: note.content,
            tags: note.tags,
            category: note.category,
            metadata: note.metadata,
        }
    }
}

impl ChangedNote {
    /// What a form says of a note whose text comes with it as a file.
    pub fn of_form(upload: &mut Upload) -> Result<Self, Problem> {
        Self {
            title: upload.text("title"),
            content: None,
            tags: Some(upload.texts("tags")),
            category: upload.text("category").map(Some),
            metadata: None,
        }
        .validated()
    }
}

/// Tells null from what is not given.
fn given<'de, D: Deserializer<'de>>(value: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(value).map(Some)
}

/// A rule for names: something to see, at most `max` characters.
pub fn name(max: usize) -> impl Fn(&str, &()) -> garde::Result {
    move |text, _: &()| {
        if text.chars().count() > max || !is_visible(text) {
            return Err(garde::Error::new(format!("must have 1 to {max} characters and not only space")));
        }
        without_nul(text)
    }
}

fn without_nul(text: &str) -> garde::Result {
    if text.contains('\0') { Err(garde::Error::new("must not hold U+0000")) } else { Ok(()) }
}

fn storable(text: &str, _: &()) -> garde::Result {
    if text.len() > NOTE_CONTENT_MAX {
        return Err(garde::Error::new(format!(
            "must have at most {NOTE_CONTENT_MAX} bytes in UTF-8; it has {}",
            text.len()
        )));
    }
    without_nul(text)
}

fn bounded(metadata: &Metadata, context: &()) -> garde::Result {
    match metadata.get("category") {
        None | Some(serde_json::Value::Null) => {}
        Some(serde_json::Value::String(category)) => name(NOTE_CATEGORY_MAX)(category, context)
            .map_err(|error| garde::Error::new(format!("has a category that {}", error.message())))?,
        Some(_) => return Err(garde::Error::new("has a category that must be text or null")),
    }
    metadata_fault(metadata).map_or(Ok(()), |fault| Err(garde::Error::new(fault)))
}

/// Describes a name of at most `MAX` characters.
pub struct Name<const MAX: usize>;

impl<const MAX: usize> PartialSchema for Name<MAX> {
    fn schema() -> RefOr<Schema> {
        text(MAX, VISIBLE).into()
    }
}

impl<const MAX: usize> ToSchema for Name<MAX> {
    fn name() -> std::borrow::Cow<'static, str> {
        format!("Name{MAX}").into()
    }
}

fn text(max: usize, pattern: &str) -> ObjectBuilder {
    let text = ObjectBuilder::new().schema_type(Type::String).pattern(Some(pattern)).max_length(Some(max));
    if pattern == TEXT { text } else { text.min_length(Some(1)) }
}

/// Describes metadata.
pub struct MetadataForm;

impl PartialSchema for MetadataForm {
    fn schema() -> RefOr<Schema> {
        let category = text(NOTE_CATEGORY_MAX, VISIBLE)
            .schema_type(SchemaType::from_iter([Type::String, Type::Null]))
            .build();
        fields().property("category", category).into()
    }
}

impl ToSchema for MetadataForm {
    fn name() -> std::borrow::Cow<'static, str> {
        "Metadata".into()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push((MetadataValue::name().into_owned(), MetadataValue::schema()));
    }
}

/// Describes a value within metadata. What lists and objects in it hold is left open: generators of typed clients fail
/// at types that contain themselves.
struct MetadataValue;

impl PartialSchema for MetadataValue {
    fn schema() -> RefOr<Schema> {
        let plain = SchemaType::from_iter([Type::Null, Type::Boolean, Type::Number]);
        OneOfBuilder::new()
            .item(ObjectBuilder::new().schema_type(plain))
            .item(ObjectBuilder::new().schema_type(Type::String).pattern(Some(TEXT)))
            .item(Array::new(ObjectBuilder::new().schema_type(SchemaType::AnyValue)))
            .item(ObjectBuilder::new().schema_type(Type::Object))
            .into()
    }
}

impl ToSchema for MetadataValue {
    fn name() -> std::borrow::Cow<'static, str> {
        "MetadataValue".into()
    }
}

fn fields() -> ObjectBuilder {
    let value: AdditionalProperties<Schema> = Ref::from_schema_name(MetadataValue::name()).into();
    let name: Object = text(100, NAME).build();
    ObjectBuilder::new()
        .schema_type(Type::Object)
        .property_names(Some(name))
        .additional_properties(Some(value))
}
