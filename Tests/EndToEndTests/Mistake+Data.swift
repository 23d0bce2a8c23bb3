import Foundation

extension Mistake {
    /// Mistakes in the data files.
    static let inData: [Mistake] = [
        .training(
            "no folder", code: 3, says: ["nothere/colour-train.tsv: there is no such file", "'data'"],
            with: ["--set", "data=nothere"]),
        .training(
            "a label outside the set", code: 3,
            says: ["colour-train.tsv:7: unknown label 'hot', expected one of 'cold', 'warm'"]
        ) { try $0.replaceLine(7, by: "red\thot", in: "colour-train.tsv") },
        .training(
            "a value outside the range", code: 3, says: ["alike-train.tsv:5: '9' is outside 0.0 to 5.0"]
        ) { try $0.replaceLine(5, by: "3\tred\tblue\t9", in: "alike-train.tsv") },
        .training("too many columns", code: 3, says: ["colour-train.tsv:7: found 3 columns, expected 2"]) {
            try $0.replaceLine(7, by: "red\tdog\twarm", in: "colour-train.tsv")
        },
        .training("too few columns", code: 3, says: ["colour-dev.tsv:9: found 1 column, expected 2"]) {
            try $0.replaceLine(9, by: "red", in: "colour-dev.tsv")
        },
        .training(
            "bytes that are not UTF-8", code: 3, says: ["colour-train.tsv:62: ", "not UTF-8", "convert"]
        ) { try $0.write("colour-train.tsv", try $0.read("colour-train.tsv") + [0xff, 0xfe, 0x09, 0x77]) },
        .training("an empty file", code: 3, says: ["colour-dev.tsv: found no lines", "'dev'"]) {
            try $0.write("colour-dev.tsv", "")
        },
        .training("a header alone", code: 3, says: ["colour-dev.tsv: there are no examples"]) {
            try $0.write("colour-dev.tsv", "text\tlabel\n")
        },
        .training("no such column", code: 3, says: ["colour-train.tsv:1: no column 'label'", "'lable'"]) {
            try $0.replaceLine(1, by: "text\tlable", in: "colour-train.tsv")
        },
        .training(
            "a quote that is not closed", code: 3,
            says: [
                "train.csv:3: the file ends inside a field whose quote opened on this line",
                "close the quote",
            ]
        ) { try $0.data("train.csv", "text,label\nred,warm\n\"blue,cold\nred,warm\n") },
        .training(
            "a row of CSV with a comma too many", code: 3,
            says: ["train.csv:3: found 3 columns, expected 2", "stands in quotes"], ranks: [nil]
        ) { try $0.data("train.csv", "text,label\nred,warm\nred, blue,cold\n") },
        .training(
            "a quote inside a field of CSV", code: 3,
            says: ["train.csv:2: found a quote inside a field", "double the quotes"], ranks: [nil]
        ) { try $0.data("train.csv", "text,label\nred \"dog\",warm\n") },
        .training(
            "semicolons in CSV", code: 3,
            says: ["train.csv:1: no column 'text' in the header, which has 'text;label'", "by commas"],
            ranks: [nil]
        ) { try $0.data("train.csv", "text;label\nred;warm\n") },
        .training(
            "a key that an object lacks", code: 3,
            says: ["train.jsonl:2: no key 'label' in the object, which has 'text', 'lable'"]
        ) {
            try $0.data(
                "train.jsonl", "{\"text\":\"red\",\"label\":\"warm\"}\n{\"text\":\"a\",\"lable\":\"cold\"}\n")
        },
        .training(
            "a key twice in an object", code: 3, says: ["train.jsonl:1: key 'text' appears twice"],
            ranks: [nil]
        ) { try $0.data("train.jsonl", "{\"text\":\"red\",\"text\":\"warm\"}\n") },
        .training(
            "null for a text", code: 3,
            says: ["train.jsonl:1: 'text' is null, expected a string or a number"],
            ranks: [nil]
        ) { try $0.data("train.jsonl", "{\"text\":null,\"label\":\"warm\"}\n") },
        .training(
            "a label of JSON outside the set", code: 3,
            says: ["train.jsonl:1: unknown label '1', expected one of 'cold', 'warm'"], ranks: [nil]
        ) { try $0.data("train.jsonl", "{\"text\":\"red\",\"label\":1}\n") },
        .training(
            "a list of objects", code: 3,
            says: ["train.json:1: found a list, expected an object", "one object on each line"], ranks: [nil]
        ) { try $0.data("train.json", "[{\"text\":\"red\",\"label\":\"warm\"}]\n") },
        .training(
            "an object on several lines", code: 3, says: ["train.json:1: ", "one object on each line"],
            ranks: [nil]
        ) { try $0.data("train.json", "{\n\"text\": \"red\",\n\"label\": \"warm\"\n}\n") },
        .training(
            "Latin-1 in JSON lines", code: 3,
            says: ["train.jsonl:1: found bytes that are not UTF-8", "convert"],
            ranks: [nil]
        ) {
            try $0.data("train.jsonl", "")
            try $0.write(
                "train.jsonl", Data("{\"text\":\"".utf8) + [0xe9] + Data("\",\"label\":\"warm\"}\n".utf8))
        },
        .training(
            "a file compressed with gzip", code: 3, says: ["train.csv: is compressed with gzip", "gunzip"],
            ranks: [nil]
        ) {
            try $0.data("train.csv", "")
            try $0.write("train.csv", Data([0x1f, 0x8b, 0x08, 0x00]))
        },
        .training(
            "a Parquet file", code: 3,
            says: [
                "train.parquet: is a Parquet file, which is not read", "pandas.read_parquet", "train.parquet",
            ],
            ranks: [nil]
        ) { try $0.data("train.parquet", "PAR1\u{15}\u{4}PAR1") },
        .training(
            "an unknown format", code: 2,
            says: ["--set tasks.0.format: unknown value 'cvs'", "did you mean 'csv'?"], ranks: [nil],
            with: ["--set", "tasks.0.format=cvs"]),
        .training(
            "a format that the file does not have", code: 3,
            says: ["colour-train.tsv:1: found ", "one object on each line"], ranks: [nil],
            with: ["--set", "tasks.0.format=jsonl"]),
        .training(
            "GLUE from the hub as Parquet", code: 3,
            says: [
                "glue/cola/train-00000-of-00001.parquet: is a Parquet file", "pip install pandas pyarrow",
                "python3 -c \"import sys, pandas; ", "glue/*/*.parquet",
            ], with: ["--set", "tasks=[cola]"]
        ) { try $0.glue("cola/train-00000-of-00001.parquet", "PAR1") },
        .training(
            "GLUE from the hub without one of its shards", code: 3,
            says: [
                "glue/cola/train-00001-of-00002.jsonl: there is no such file, one of 2 shards", "all shards",
            ],
            ranks: [nil], with: ["--set", "tasks=[cola]"]
        ) { try $0.glue("cola/train-00000-of-00002.jsonl", "{\"sentence\":\"a\",\"label\":1}\n") },
        .training(
            "no label in the hub's training file", code: 3,
            says: ["glue/mnli/train.jsonl:1: unknown label '-1'", "-1 stands for no label"], ranks: [nil],
            with: ["--set", "tasks=[mnli]"]
        ) { try $0.glue("mnli/train.jsonl", "{\"premise\":\"a\",\"hypothesis\":\"b\",\"label\":-1}\n") },
        .training(
            "a split that the hub's folder lacks", code: 3,
            says: ["glue/SST-2/dev.tsv: there is no such file", "sst2/validation.jsonl of the hub's data"],
            ranks: [nil], with: ["--set", "tasks=[sst2]"]
        ) { try $0.glue("sst2/train.jsonl", "{\"sentence\":\"a\",\"label\":1}\n") },
    ]
}

extension Scene {
    /// Writes a training file of the task `colour`, and names it in the study.
    fileprivate func data(_ name: String, _ text: String) throws {
        try write(name, text)
        try replace("train: colour-train.tsv", by: "train: \(name)", in: "study.yaml")
    }

    /// Writes a file of GLUE's folder, and names the folder in the study.
    fileprivate func glue(_ name: String, _ text: String) throws {
        try write("glue/\(name)", text)
        try replace("data: \(folder.path)\n", by: "data: \(path("glue"))\n", in: "study.yaml")
    }
}
