import Diagnostics
import Formats

/// The ids in config.json of the tokens that frame a text.
///
/// RoBERTa's and MPNet's frames are the tokens that config.json calls `bos` and `eos`. Other families have no
/// such tokens, and their files state ids that mean nothing.
struct StatedTokens {
    private let model: JSONSection

    init(_ model: JSONSection) { self.model = model }

    /// Refuses a tokenizer whose frame has other ids, since it belongs to another model.
    func check(_ tokenizer: any Tokenizer) throws {
        let framed = ["roberta", "xlm-roberta", "camembert", "mpnet"]
        guard let type = try model.text("model_type"), framed.contains(type) else { return }
        let ids = try tokenizer.encode("", nil, limit: 8).ids
        for (key, id) in [("bos_token_id", ids.first), ("eos_token_id", ids.last)] {
            guard let stated = try model.whole(key), let id, stated != Int(id) else { continue }
            throw model.failure(
                "found \(key) \(stated), but the tokenizer's id is \(id)",
                remedy: "tokenizer and weights must come from the same model")
        }
    }
}
