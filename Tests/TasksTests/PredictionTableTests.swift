import Diagnostics
import Tasks
import Testing

@Suite struct PredictionTableTests {
    private static let texts = [
        Example(first: "a \"dog\"", index: 0, line: 1), Example(first: "a cat", index: 1, line: 2),
    ]
    private static let pair = [Example(first: "a", second: "b", index: 0, line: 1)]

    private func lines(
        _ task: GLUETask, _ examples: [Example], _ logits: [Float], _ format: PredictionTable.Format,
        _ numbers: PredictionTable.Numbers? = nil
    ) throws -> [String] {
        let predictions = try Predictions(logits: logits, width: task.output.width)
        return try PredictionTable(task, examples, predictions, numbers: numbers).lines(format)
    }

    @Test func textIsTheAnswerOrTheNumbers() throws {
        let logits: [Float] = [0, 0, 1, 1.5]
        #expect(try lines(.sst2, Self.texts, logits, .text) == ["negative", "positive"])
        #expect(try lines(.sst2, Self.texts, logits, .text, .logits) == ["0.0\t0.0", "1.0\t1.5"])
        #expect(
            try lines(.sst2, Self.texts, logits, .text, .probabilities)
                == ["0.5\t0.5", "0.37754068\t0.62245935"])
    }

    @Test func tablesHaveAHeaderWithTheClasses() throws {
        #expect(
            try lines(.sst2, Self.texts, [0, 0, 1, 1.5], .tsv, .probabilities) == [
                "index\ttext\tprediction\tnegative\tpositive", "0\ta \"dog\"\tnegative\t0.5\t0.5",
                "1\ta cat\tpositive\t0.37754068\t0.62245935",
            ])
        #expect(
            try lines(.stsb, Self.pair, [5.5], .tsv, .logits)
                == ["index\tfirst\tsecond\tprediction\tlogit", "0\ta\tb\t5.000\t5.5"])
        #expect(
            try lines(.mrpc, Self.pair, [0, 1], .tsv)
                == ["index\tfirst\tsecond\tprediction", "0\ta\tb\tequivalent"])
    }

    @Test func aTableHasOneLineForATextWithLineBreaks() throws {
        let text = [Example(first: "a\tdog\r\nand\na cat\u{2028}e\u{301}", index: 0, line: 1)]
        let table = try lines(.sst2, text, [0, 1], .tsv)
        #expect(table[1] == "0\ta dog  and a cat\u{2028}e\u{301}\tpositive")
        let object = try lines(.sst2, text, [0, 1], .json)
        #expect(object[0].contains(#""text":"a\tdog\r\nand\na cat"#))
    }

    @Test func objectsNameEveryPart() throws {
        #expect(
            try lines(.sst2, Self.texts, [0, 0, 1, 1.5], .json, .probabilities) == [
                #"{"index":0,"text":"a \"dog\"","prediction":"negative","#
                    + #""probabilities":{"negative":0.5,"positive":0.5}}"#,
                #"{"index":1,"text":"a cat","prediction":"positive","#
                    + #""probabilities":{"negative":0.37754068,"positive":0.62245935}}"#,
            ])
        #expect(
            try lines(.stsb, Self.pair, [5.5], .json, .logits)
                == [#"{"index":0,"first":"a","second":"b","prediction":5.0,"logits":5.5}"#])
    }

    @Test func probabilitiesOfLargeLogitsAreFinite() throws {
        let predictions = try Predictions(logits: [1000, -1000, 1000], width: 3)
        #expect(predictions.probabilities(0) == [0.5, 0, 0.5])
    }

    @Test func aRegressionHasNoProbabilities() {
        expectFailure(.usage, ["--probabilities: stsb predicts a number", "--logits"]) {
            _ = try lines(.stsb, Self.pair, [1], .text, .probabilities)
        }
    }
}
