import Diagnostics
import Testing

@Suite struct FailureTests {
    @Test(arguments: [
        (
            Failure.data("found 3 columns, expected 4", at: "train.tsv:17", remedy: "check the tabs"),
            "train.tsv:17: found 3 columns, expected 4; check the tabs"
        ),
        (Failure.data("found 3 columns", at: "train.tsv:17"), "train.tsv:17: found 3 columns"),
        (Failure.usage("no study", remedy: "name one"), "no study; name one"),
        (Failure(.stalled, "rank 2 stopped responding"), "rank 2 stopped responding"),
    ])
    func theTextIsPlaceFindingAndRemedy(failure: Failure, text: String) {
        #expect(failure.description == text)
        #expect("\(failure)" == text)
    }

    @Test(
        arguments: [(Failure.Kind.usage, 2), (.data, 3), (.rank, 4), (.stalled, 5)] as [(Failure.Kind, Int32)]
    )
    func eachKindHasItsExitCode(kind: Failure.Kind, code: Int32) {
        #expect(kind.rawValue == code)
        #expect(Failure(kind, "x").kind == kind)
    }
}

@Suite struct NearestNameTests {
    static let names = ["proportional", "uniform", "temperature", "mrpc", "rte", "learningRate"]

    @Test(arguments: [
        ("proportionl", "proportional"), ("porportional", "proportional"), ("uniformly", "uniform"),
        ("mprc", "mrpc"),
        ("MRPC", "mrpc"), ("learning_rate", "learningRate"), ("learningrate", "learningRate"), ("ret", "rte"),
    ])
    func aSlipFindsTheNameThatWasMeant(slip: String, meant: String) {
        #expect(nearestName(to: slip, among: Self.names) == meant)
        #expect(didYouMean(slip, among: Self.names) == "did you mean '\(meant)'?")
    }

    @Test(arguments: ["", "xxxxxxxx", "sampler", "completely-different"]) func nothingNearIsNothing(
        name: String
    ) {
        #expect(nearestName(to: name, among: Self.names) == nil)
        #expect(didYouMean(name, among: Self.names).hasPrefix("allowed: learningRate, mrpc, "))
    }

    @Test func noCandidatesIsNothing() {
        #expect(nearestName(to: "a", among: [String]()) == nil)
        #expect(nearestName(to: "", among: [""]) == "")
    }

    @Test func aTieGoesToTheFirstInTheAlphabet() {
        #expect(nearestName(to: "cat", among: ["rat", "bat", "hat"]) == "bat")
    }
}
