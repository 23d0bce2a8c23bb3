/// Names that users know from other software, for the remedies of unknown names in a settings file.
///
/// Whoever reads the file puts them into the decoder's `userInfo`.
package protocol ForeignNames: Sendable {
    /// The remedy for a key that is unknown in a section, which is named by its path; nil if no other
    /// software has it, or not there.
    func remedy(forKey key: String, in section: String, known: [String]) -> String?
    /// The remedy for a value that is not allowed; nil if no other software has it.
    func remedy(forValue value: String, allowed: [String]) -> String?
}

extension CodingUserInfoKey {
    /// The decoder's ``ForeignNames``.
    package static let foreignNames = CodingUserInfoKey(rawValue: "foreignNames")!
}

extension Decoder {
    /// The ``ForeignNames``; nil if the decoder has none.
    var foreignNames: (any ForeignNames)? { userInfo[.foreignNames] as? any ForeignNames }

    /// The remedy for a value that is not allowed: its name here, the nearest name, or the list of all.
    package func remedy(forValue value: String, allowed: [String]) -> String {
        foreignNames?.remedy(forValue: value, allowed: allowed) ?? didYouMean(value, among: allowed)
    }
}
