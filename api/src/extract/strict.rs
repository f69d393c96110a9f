//! JSON read as strictly as the contract asks: an object is written as an object. Serde also takes a list of a
//! structure's fields in their order for it, so that `{"filter": []}` would be a filter that leaves nothing out.
//! No crate refuses that; this passes everything on to serde but the question for a structure, which becomes one for a
//! map.

use std::fmt;

use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, Error, MapAccess, SeqAccess, VariantAccess,
    Visitor,
};
use serde_path_to_error::Segment;

/// What JSON does not fit: the innermost named field around it, if any, and why.
pub struct Misfit {
    /// As the request names it.
    pub field: Option<String>,
    /// In serde's words.
    pub why: String,
}

/// Reads JSON whose syntax is known to be right.
pub fn read<T: DeserializeOwned>(json: &str) -> Result<T, Misfit> {
    let mut inner = serde_json::Deserializer::from_str(json);
    serde_path_to_error::deserialize(Strict(&mut inner)).map_err(|error| {
        let path = error.path().iter().any(|part| matches!(part, Segment::Map { .. } | Segment::Seq { .. }));
        let field = path.then(|| error.path().to_string().replace(".?", "").replace("?.", ""));
        let said = error.inner().to_string();
        let why = said.rsplit_once(" at line ").map_or(said.as_str(), |(why, _)| why).to_owned();
        Misfit { field, why }
    })
}

/// Anything of serde's that passes on to what it wraps.
struct Strict<T>(T);

macro_rules! pass_on {
    ($($method:ident($($argument:ident: $type:ty),*))*) => {
        $(fn $method<V: Visitor<'de>>(self, $($argument: $type,)* visitor: V) -> Result<V::Value, D::Error> {
            self.0.$method($($argument,)* Strict(visitor))
        })*
    };
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Strict<D> {
    type Error = D::Error;

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.0.deserialize_map(Strict(visitor))
    }

    pass_on! {
        deserialize_any() deserialize_bool() deserialize_i8() deserialize_i16() deserialize_i32() deserialize_i64()
        deserialize_i128() deserialize_u8() deserialize_u16() deserialize_u32() deserialize_u64() deserialize_u128()
        deserialize_f32() deserialize_f64() deserialize_char() deserialize_str() deserialize_string()
        deserialize_bytes() deserialize_byte_buf() deserialize_option() deserialize_unit() deserialize_seq()
        deserialize_map() deserialize_identifier() deserialize_ignored_any()
        deserialize_unit_struct(name: &'static str) deserialize_newtype_struct(name: &'static str)
        deserialize_tuple(len: usize) deserialize_tuple_struct(name: &'static str, len: usize)
        deserialize_enum(name: &'static str, variants: &'static [&'static str])
    }
}

macro_rules! hand_over {
    ($($method:ident: $type:ty)*) => {
        $(fn $method<E: Error>(self, value: $type) -> Result<V::Value, E> {
            self.0.$method(value)
        })*
    };
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Strict<V> {
    type Value = V::Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.expecting(formatter)
    }

    hand_over! {
        visit_bool: bool visit_i64: i64 visit_i128: i128 visit_u64: u64 visit_u128: u128 visit_f64: f64
        visit_str: &str visit_borrowed_str: &'de str visit_string: String
        visit_bytes: &[u8] visit_borrowed_bytes: &'de [u8] visit_byte_buf: Vec<u8>
    }

    fn visit_unit<E: Error>(self) -> Result<V::Value, E> {
        self.0.visit_unit()
    }

    fn visit_none<E: Error>(self) -> Result<V::Value, E> {
        self.0.visit_none()
    }

    fn visit_some<D: Deserializer<'de>>(self, inner: D) -> Result<V::Value, D::Error> {
        self.0.visit_some(Strict(inner))
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, inner: D) -> Result<V::Value, D::Error> {
        self.0.visit_newtype_struct(Strict(inner))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<V::Value, A::Error> {
        self.0.visit_seq(Strict(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<V::Value, A::Error> {
        self.0.visit_map(Strict(members))
    }

    fn visit_enum<A: EnumAccess<'de>>(self, variant: A) -> Result<V::Value, A::Error> {
        self.0.visit_enum(Strict(variant))
    }
}

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for Strict<S> {
    type Value = S::Value;

    fn deserialize<D: Deserializer<'de>>(self, inner: D) -> Result<S::Value, D::Error> {
        self.0.deserialize(Strict(inner))
    }
}

impl<'de, A: SeqAccess<'de>> SeqAccess<'de> for Strict<A> {
    type Error = A::Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, A::Error> {
        self.0.next_element_seed(Strict(seed))
    }
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Strict<A> {
    type Error = A::Error;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, A::Error> {
        self.0.next_key_seed(seed)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, A::Error> {
        self.0.next_value_seed(Strict(seed))
    }
}

impl<'de, A: EnumAccess<'de>> EnumAccess<'de> for Strict<A> {
    type Error = A::Error;
    type Variant = Strict<A::Variant>;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Self::Variant), A::Error> {
        let (name, content) = self.0.variant_seed(seed)?;
        Ok((name, Strict(content)))
    }
}

impl<'de, A: VariantAccess<'de>> VariantAccess<'de> for Strict<A> {
    type Error = A::Error;

    fn unit_variant(self) -> Result<(), A::Error> {
        self.0.unit_variant()
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, A::Error> {
        self.0.newtype_variant_seed(Strict(seed))
    }

    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, A::Error> {
        self.0.tuple_variant(len, Strict(visitor))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, A::Error> {
        self.0.struct_variant(fields, Strict(visitor))
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Default, PartialEq, Deserialize)]
    #[serde(default)]
    struct Filter {
        status: Option<Status>,
        tags: Vec<String>,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Status {
        Failed,
    }

    #[derive(Debug, Default, PartialEq, Deserialize)]
    #[serde(default)]
    struct Ask {
        filter: Filter,
        several: Vec<Filter>,
        maybe: Option<Filter>,
        count: u8,
    }

    fn misfit(json: &str) -> (String, String) {
        let misfit = read::<Ask>(json).err().unwrap();
        (misfit.field.unwrap_or_default(), misfit.why)
    }

    #[test]
    fn an_object_is_read() {
        let json = r#"{"filter":{"status":"failed","tags":["a"]},"several":[{}],"maybe":null,"more":[1]}"#;
        let ask = read::<Ask>(json).ok().unwrap();
        assert_eq!(ask.filter, Filter { status: Some(Status::Failed), tags: vec!["a".to_owned()] });
        assert_eq!((ask.several.len(), ask.maybe, ask.count), (1, None, 0));
    }

    #[test]
    fn a_list_is_no_object_at_any_depth() {
        for (json, field) in [
            ("[]", ""),
            (r#"{"filter":[]}"#, "filter"),
            (r#"{"several":[["failed"]]}"#, "several[0]"),
            (r#"{"maybe":[]}"#, "maybe"),
        ] {
            let (at, why) = misfit(json);
            assert_eq!(at, field, "{json}");
            assert!(why.starts_with("invalid type: sequence, expected struct"), "{why}");
        }
    }

    #[test]
    fn a_wrong_type_names_its_field() {
        assert_eq!(misfit(r#"{"count":"many"}"#).0, "count");
        assert_eq!(misfit(r#"{"count":300}"#).0, "count");
        assert_eq!(misfit(r#"{"filter":{"tags":[1]}}"#).0, "filter.tags[0]");
        assert_eq!(misfit(r#"{"filter":{"status":1}}"#).0, "filter.status");
        assert_eq!(misfit(r#"{"filter":{"status":"lost"}}"#).0, "filter.status");
    }
}
