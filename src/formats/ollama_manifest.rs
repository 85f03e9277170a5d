//! Manifests of Ollama: which blob of its folder is the model of a name.
//!
//! A manifest is a JSON list of layers, each with a media type, a digest and a size; the layer with the digest
//! `sha256:HEX` is the file `blobs/sha256-HEX`.
//! Source: Ollama `server/internal/manifest/manifest.go` and `server/modelpath.go` (`GetBlobsPath`).

use serde::Deserialize;

use super::document::{MOST_REASON, shown};
use super::text::quoted;
use crate::units::Bytes;

/// The longest manifest read. Real ones are below 10 KB, those that list every tensor below 1 MB.
pub const MOST_BYTES: usize = 4 << 20;

/// A digest that is known to be 64 lower-case hexadecimal digits, and so a plain file name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Digest(String);

impl Digest {
    /// Reads `sha256:HEX`; everything else, a path above all, is none.
    ///
    /// ```
    /// use willitrun::formats::ollama_manifest::Digest;
    /// let digest = Digest::parse(&format!("sha256:{}", "0a".repeat(32))).unwrap();
    /// assert_eq!(digest.file_name(), format!("sha256-{}", "0a".repeat(32)));
    /// assert_eq!(Digest::parse("sha256:../../etc/passwd"), None);
    /// ```
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix("sha256:")?;
        let hex = |b: u8| matches!(b, b'0'..=b'9' | b'a'..=b'f');
        (digits.len() == 64 && digits.bytes().all(hex)).then(|| Self(digits.to_owned()))
    }

    /// The name of its file in the folder `blobs`.
    #[must_use]
    pub fn file_name(&self) -> String {
        format!("sha256-{}", self.0)
    }
}

/// One file of a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layer {
    /// Where it lies.
    pub digest: Digest,
    /// How long it is.
    pub size: Bytes,
}

/// What a manifest says of the weights.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Weights {
    /// A GGUF file.
    Gguf(Layer),
    /// One file per tensor, so many bytes together.
    Tensors(Bytes),
    /// None: the model runs elsewhere.
    Elsewhere,
}

/// A manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// The weights.
    pub weights: Weights,
    /// The vision part, where it is a file of its own.
    pub projectors: Vec<Layer>,
}

#[derive(Deserialize)]
struct Document {
    layers: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    media_type: String,
    digest: String,
    size: u64,
}

const MODEL: &str = "application/vnd.ollama.image.model";
const PROJECTOR: &str = "application/vnd.ollama.image.projector";
const TENSOR: &str = "application/vnd.ollama.image.tensor";

/// Reads a manifest.
///
/// # Errors
/// The reason: longer than [`MOST_BYTES`], no JSON, a layer without its fields, a digest that is none, more than
/// one model.
pub fn read(text: &str) -> Result<Manifest, String> {
    if text.len() > MOST_BYTES {
        return Err(format!("it is longer than {} MiB", MOST_BYTES >> 20));
    }
    let document: Document = serde_json::from_str(text).map_err(|error| {
        // The reason may quote a text of the manifest, however long that is.
        format!("it is no manifest: {}", shown(&error.to_string(), MOST_REASON))
    })?;
    let (mut models, mut projectors, mut tensors) = (Vec::new(), Vec::new(), None);
    for entry in document.layers {
        // A media type may carry parameters: `…tensor; name=…`.
        let kind = entry.media_type.split(';').next().unwrap_or_default().trim();
        let digest = Digest::parse(&entry.digest).ok_or_else(|| {
            format!("{} is no digest: expected sha256: and 64 hexadecimal digits", quoted(&entry.digest))
        })?;
        let layer = Layer { digest, size: Bytes::new(entry.size) };
        match kind {
            MODEL => models.push(layer),
            PROJECTOR => projectors.push(layer),
            TENSOR => tensors = Some(tensors.unwrap_or(Bytes::ZERO) + layer.size),
            _ => {}
        }
    }
    let weights = match (models.len(), tensors) {
        (0, Some(bytes)) => Weights::Tensors(bytes),
        (0, None) => Weights::Elsewhere,
        (1, _) => Weights::Gguf(models.remove(0)),
        (count, _) => return Err(format!("it names {count} model files, expected one")),
    };
    Ok(Manifest { weights, projectors })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layer(kind: &str, digest: &str, size: u64) -> String {
        format!(r#"{{"mediaType": "application/vnd.ollama.image.{kind}", "digest": "{digest}", "size": {size}}}"#)
    }

    fn manifest(layers: &[String]) -> String {
        format!(
            r#"{{"schemaVersion": 2, "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
            "config": {{"mediaType": "application/vnd.docker.container.image.v1+json", "digest": "x", "size": 1}},
            "layers": [{}]}}"#,
            layers.join(",")
        )
    }

    fn digest(digit: char) -> String {
        format!("sha256:{}", digit.to_string().repeat(64))
    }

    #[test]
    fn the_model_layer_is_the_model() {
        let text = manifest(&[
            layer("license", &digest('1'), 11),
            layer("model", &digest('a'), 4_683_074_048),
            layer("projector", &digest('b'), 600),
            layer("template; name=chat", &digest('2'), 5),
        ]);
        let read = read(&text).expect("a manifest");
        let Weights::Gguf(model) = &read.weights else { panic!("{read:?}") };
        assert_eq!(model.digest.file_name(), format!("sha256-{}", "a".repeat(64)));
        assert_eq!(model.size.get(), 4_683_074_048);
        assert_eq!(read.projectors.len(), 1);
    }

    #[test]
    fn tensors_are_summed_and_a_model_may_run_elsewhere() {
        let tensor = |digit, size| layer("tensor; name=a.b; dtype=BF16; shape=2,2", &digest(digit), size);
        let weights = |text: String| read(&text).expect("a manifest").weights;
        assert_eq!(weights(manifest(&[tensor('3', 8), tensor('4', 9)])), Weights::Tensors(Bytes::new(17)));
        assert_eq!(weights(manifest(&[])), Weights::Elsewhere);
        assert_eq!(weights(manifest(&[tensor('3', u64::MAX), tensor('4', 9)])), Weights::Tensors(Bytes::new(u64::MAX)));
    }

    #[test]
    fn what_is_no_manifest_is_refused() {
        let check = |text: &str, expected: &str| {
            let error = read(text).expect_err(text);
            assert!(error.contains(expected), "{text}: {error}");
        };
        check("", "no manifest");
        check("{}", "layers");
        check("[]", "no manifest");
        check(r#"{"layers": [{"mediaType": "x"}]}"#, "digest");
        check(r#"{"layers": [{"mediaType": "x", "digest": "y", "size": -1}]}"#, "no manifest");
        check(&"[".repeat(100_000), "no manifest");
        for bad in [
            "",
            "sha256:",
            "sha256:../../../../etc/passwd",
            &format!("sha256:{}", "A".repeat(64)),
            &format!("sha256:{}", "a".repeat(63)),
            &format!("sha256:{}/", "a".repeat(63)),
            &format!("sha512:{}", "a".repeat(64)),
            &format!("sha256-{}", "a".repeat(64)),
        ] {
            check(&manifest(&[layer("model", bad, 1)]), "is no digest");
        }
        check(&manifest(&[layer("model", &digest('a'), 1), layer("model", &digest('b'), 1)]), "2 model files");
        check(&" ".repeat(MOST_BYTES + 1), "longer than 4 MiB");
    }
}
