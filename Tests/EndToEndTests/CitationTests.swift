import Diagnostics
import Foundation
import Reports
import Studies
import Testing

/// Every published method has its paper in the bibliography.
@Suite struct CitationTests {
    /// Words of sources that are no publications.
    private static let unpublished = [
        "the usual baseline", "the study", "the equal weighting", "the mean loss", "the methods' own",
    ]

    @Test func everyMethodsPaperIsInTheBibliography() {
        let bibliography = Bibliography()
        let sources = MethodSection.all.flatMap { $0.table.methods.map { $0.source } }
        #expect(sources.count > 40)
        let missing = Set(sources).filter { source in
            !Self.unpublished.contains(where: source.hasPrefix) && !bibliography.contains(source)
        }
        #expect(missing.isEmpty)
    }

    @Test func aStudyCitesItsMethodsAndThisProgramOnce() {
        let text = Bibliography().text(
            of: ["Hu et al., ICLR 2022, arXiv 2106.09685", "the study", "arXiv 2106.09685"], version: "9.9")
        #expect(text.components(separatedBy: "@").count == 3)
        #expect(text.contains("version = {9.9}") && text.contains("@misc{arXiv:2106.09685,"))
        #expect(text.components(separatedBy: "{").count == text.components(separatedBy: "}").count)
    }
}
