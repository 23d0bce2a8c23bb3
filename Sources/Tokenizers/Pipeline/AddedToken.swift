/// A token that is matched in the text itself, before the text is cut into words.
struct AddedToken: Sendable, Equatable {
    var content: String
    var id: Int32
    /// Matches only where no word character touches it.
    var isSingleWord = false
    /// The match takes in the white space before it.
    var stripsLeft = false
    /// The match takes in the white space after it.
    var stripsRight = false
    /// Its normalised form is matched in the normalised text.
    var isNormalized = false

    func add(to fingerprint: inout Fingerprint) {
        fingerprint.add(content)
        fingerprint.add(Int(id))
        for flag in [isSingleWord, stripsLeft, stripsRight, isNormalized] { fingerprint.add(flag) }
    }
}
