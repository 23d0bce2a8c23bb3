import Testing

/// An `adapter` section that must be refused: with which key, message and remedy.
struct SectionMistake: Sendable, CustomTestStringConvertible {
    let section: String
    let place: String
    let message: String
    let remedy: String?
    var testDescription: String { section }

    init(_ section: String, at place: String, _ message: String, _ remedy: String? = nil) {
        (self.section, self.place, self.message, self.remedy) = (section, place, message, remedy)
    }
}
