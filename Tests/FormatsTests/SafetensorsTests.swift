import Diagnostics
import Formats
import Foundation
import TestSupport
import Testing

@Suite struct SafetensorsTests {
    static let awkward: [Float] = [
        0.0, -0.0, 1.0, -2.5, 0.1, 3.140625, 65504.0, -1e-7, 5.9604645e-08, 6.1035156e-05, .infinity,
        -.infinity,
    ]

    @Test func aFileOfTheReferenceLibraryIsReadWhole() throws {
        let file = try SafetensorsFile(path: golden("mixed.safetensors"))
        #expect(file.names == ["brain", "byte", "double", "empty", "half", "scalar", "single", "whole"])
        #expect(file.metadata == ["format": "pt"])
        let shapes = file.tensors.mapValues(\.shape)
        #expect(shapes["single"] == [3, 4] && shapes["scalar"] == [] && shapes["empty"] == [0, 3])
        #expect(file.tensors.mapValues(\.dtype)["brain"] == .bfloat16)
        #expect(try bits(file.floats("single")) == bits(Self.awkward))
        #expect(try file.floats("scalar") == [7.5])
        #expect(try file.floats("empty") == [])
        #expect(try file.int64s("whole") == [-1, 1 << 62, 0, .min])
        #expect(try file.doubles("double") == [0.1, -1e300])
    }

    @Test func halfPrecisionIsWidenedAsTheReferenceDoesIt() throws {
        let file = try SafetensorsFile(path: golden("mixed.safetensors"))
        #expect(try bits(file.floats("half")) == bits(Self.awkward.map { Float(Float16($0)) }))
        let widening = try SafetensorsFile(path: golden("widening.safetensors"))
        for name in ["half", "brain"] {
            let found = try widening.floats(name).map { $0.isNaN ? 12345 : $0 }
            #expect(try bits(found) == bits(widening.floats("\(name).widened")), "\(name)")
        }
    }

    @Test func everyHalfPrecisionPatternIsWidenedExactly() {
        let patterns = (0...UInt16.max).map(\.littleEndian)
        var half = [Float](repeating: 0, count: patterns.count)
        var brain = half
        patterns.withUnsafeBytes { source in
            half.withUnsafeMutableBufferPointer { HalfPrecision.widenFloat16(source, into: $0) }
            brain.withUnsafeMutableBufferPointer { HalfPrecision.widenBFloat16(source, into: $0) }
        }
        let wrong = patterns.indices.count { index in
            let exact = Float(Float16(bitPattern: UInt16(index)))
            let isHalfRight = exact.isNaN ? half[index].isNaN : exact.bitPattern == half[index].bitPattern
            return !isHalfRight || brain[index].bitPattern != UInt32(index) << 16
        }
        #expect(wrong == 0)
    }

    @Test func alignedSinglePrecisionIsUsedInPlace() throws {
        let file = try SafetensorsFile(path: golden("mixed.safetensors"))
        let mapped = try #require(file.mappedFloats("single"))
        #expect(try UnsafeRawPointer(mapped.baseAddress) == file.pointer("single"))
        #expect(bits(Array(mapped)) == bits(Self.awkward))
        #expect(file.mappedFloats("half") == nil)
        #expect(file.mappedFloats("absent") == nil)
        withExtendedLifetime(file) {}
    }

    @Test func misalignedSinglePrecisionIsCopied() throws {
        let directory = try TemporaryFolder()
        let header = #"{"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#
        let padded = header + String(repeating: " ", count: (8 - header.utf8.count % 8) % 8 + 1)
        let numbers = [Float(1.25), -3].withUnsafeBytes { Data($0) }
        let file = try SafetensorsFile(path: directory.write(framed(padded, numbers), to: "odd"))
        #expect(file.mappedFloats("x") == nil)
        #expect(try file.floats("x") == [1.25, -3])
    }

    @Test func bytesAtHandAreReadLikeAFile() throws {
        let data = try Data(contentsOf: URL(fileURLWithPath: golden("mixed.safetensors")))
        let file = try SafetensorsFile(data, path: "elsewhere")
        #expect(try bits(file.floats("single")) == bits(Self.awkward))
        #expect(file.path == "elsewhere" && file.byteCount == data.count)
        #expect(throws: Failure.self) { try SafetensorsFile(Data(), path: "elsewhere") }
    }

    @Test func writingGivesTheBytesOfTheReferenceLibrary() throws {
        let tensors = [
            NamedTensor(name: "b.weight", shape: [2, 3], values: .float((0..<6).map { Float($0) / 8 })),
            NamedTensor(name: "a.bias", shape: [2], values: .float([-1.5, 0.1])),
            NamedTensor(name: "step", shape: [3], values: .int64([3, -4, 5])),
        ]
        let encoded = Safetensors.encode(tensors, metadata: ["note": #"a "quoted" \ text, é"#])
        #expect(try encoded == Data(contentsOf: URL(fileURLWithPath: golden("written.safetensors"))))
    }

    @Test func whatIsWrittenIsReadBackAndTheOrderGivenDoesNotMatter() throws {
        let directory = try TemporaryFolder()
        let tensors = [
            NamedTensor(name: "z", shape: [2, 6], values: .float(Self.awkward)),
            NamedTensor(name: "a", shape: [], values: .double([0.1])),
            NamedTensor(name: "n", shape: [1, 2], values: .int64([.min, .max])),
            NamedTensor(name: "nothing", shape: [4, 0], values: .float([])),
        ]
        let notes = ["b": "2", "a": "1\n\u{1}"]
        #expect(
            Safetensors.encode(tensors, metadata: notes)
                == Safetensors.encode(tensors.reversed(), metadata: notes))
        try Safetensors.write(tensors, metadata: notes, to: directory.file("t.safetensors"))
        let file = try SafetensorsFile(path: directory.file("t.safetensors"))
        #expect(file.metadata == notes)
        #expect(try bits(file.floats("z")) == bits(Self.awkward))
        #expect(try file.doubles("a") == [0.1])
        #expect(try file.int64s("n") == [.min, .max])
        #expect(file.tensors["nothing"]?.shape == [4, 0])
        #expect(file.tensors.values.allSatisfy { $0.range.lowerBound % $0.dtype.width == 0 })
        #expect(try directory.names == ["t.safetensors"])
    }

    @Test func numbersInPiecesGiveTheBytesOfOneArray() throws {
        let directory = try TemporaryFolder()
        func write(_ values: NamedTensor.Values) throws -> Data {
            let tensors = [
                NamedTensor(name: "z", shape: [Self.awkward.count], values: values),
                NamedTensor(name: "n", shape: [1], values: .int64([7])),
            ]
            try Safetensors.write(tensors, to: directory.file("t.safetensors"))
            let written = try Data(contentsOf: URL(fileURLWithPath: directory.file("t.safetensors")))
            #expect(written == Safetensors.encode(tensors))
            return written
        }
        let whole = try write(.float(Self.awkward))
        let inPieces = try Self.awkward.withUnsafeBufferPointer { floats in
            let pieces = [floats[..<1], floats[1..<1], floats[1...]].map {
                NamedTensor.BorrowedFloats(UnsafeBufferPointer(rebasing: $0))
            }
            return try write(.borrowed(pieces))
        }
        #expect(inPieces == whole)
    }

    @Test func aFileWithoutTensorsIsValid() throws {
        let directory = try TemporaryFolder()
        try Safetensors.write([], to: directory.file("none"))
        #expect(try SafetensorsFile(path: directory.file("none")).tensors.isEmpty)
    }

    @Test func anAbsentTensorOrAnotherTypeIsNamed() throws {
        let file = try SafetensorsFile(path: golden("mixed.safetensors"))
        #expect(throws: Failure.data("has no tensor 'wole'", at: file.path, remedy: "did you mean 'whole'?"))
        {
            try file.int64s("wole")
        }
        #expect(
            throws: Failure.data("found F64, expected F32, F16 or BF16", at: "\(file.path): tensor 'double'")
        ) {
            try file.floats("double")
        }
        #expect(throws: Failure.self) { try file.pointer("absent") }
    }

    struct Malformed: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let bytes: Data
        let expected: String

        init(_ name: String, _ header: String, data: Int = 0, expected: String) {
            testDescription = name
            bytes = framed(header, Data(count: data))
            self.expected = expected
        }

        init(_ name: String, bytes: Data, expected: String) {
            testDescription = name
            self.bytes = bytes
            self.expected = expected
        }
    }

    static func entry(_ dtype: String, _ shape: String, _ offsets: String) -> String {
        #"{"dtype":"\#(dtype)","shape":\#(shape),"data_offsets":\#(offsets)}"#
    }

    static let malformed: [Malformed] = [
        Malformed("empty", bytes: Data(), expected: "found 0 bytes"),
        Malformed("shorter than a length", bytes: Data([1, 2, 3]), expected: "found 3 bytes"),
        Malformed(
            "header beyond the file", bytes: Data([9, 0, 0, 0, 0, 0, 0, 0, 0x7b]),
            expected: "9 bytes, but only 1"),
        Malformed(
            "header of 2^64-1 bytes", bytes: Data(repeating: 0xff, count: 9),
            expected: "18446744073709551615 bytes"),
        Malformed(
            "header of 2^63 bytes", bytes: Data([0, 0, 0, 0, 0, 0, 0, 0x80, 0]),
            expected: "9223372036854775808"),
        Malformed(
            "Git LFS pointer", bytes: Data("version https://git-lfs.github.com/spec/v1\noid".utf8),
            expected: "git lfs pull"),
        Malformed("no JSON", "nonsense", expected: "(header):1: found 'n'"),
        Malformed("empty header", "", expected: "(header):1: found nothing"),
        Malformed("list for a header", "[]", expected: "not a JSON object"),
        Malformed("torn JSON", #"{"x":"#, expected: "the text ends"),
        Malformed(
            "invalid UTF-8", bytes: Data([4, 0, 0, 0, 0, 0, 0, 0]) + Data([0x7b, 0x22, 0xff, 0x22]),
            expected: "UTF-8"),
        Malformed("nested without end", String(repeating: "[", count: 100_000), expected: "nest deeper"),
        Malformed(
            "notes that are no object", #"{"__metadata__":3}"#, expected: "__metadata__: expected an object"),
        Malformed(
            "metadata other than strings", #"{"__metadata__":{"a":3}}"#,
            expected: "expected a string under 'a'"),
        Malformed("entry that is no object", #"{"x":3}"#, expected: "tensor 'x': has no dtype"),
        Malformed(
            "unknown dtype", #"{"x":\#(entry("F31", "[1]", "[0,4]"))}"#, data: 4,
            expected: "unknown dtype 'F31'"),
        Malformed(
            "no shape", #"{"x":{"dtype":"F32","data_offsets":[0,4]}}"#, data: 4, expected: "expected a shape"),
        Malformed(
            "negative size", #"{"x":\#(entry("F32", "[-1]", "[0,4]"))}"#, data: 4,
            expected: "expected a shape"),
        Malformed(
            "fractional size", #"{"x":\#(entry("F32", "[1.0]", "[0,4]"))}"#, data: 4,
            expected: "expected a shape"),
        Malformed(
            "one offset", #"{"x":\#(entry("F32", "[1]", "[4]"))}"#, data: 4, expected: "expected data_offsets"
        ),
        Malformed(
            "reversed offsets", #"{"x":\#(entry("F32", "[1]", "[4,0]"))}"#, data: 4,
            expected: "expected data_offsets"),
        Malformed(
            "data cut short", #"{"x":\#(entry("F32", "[2]", "[0,8]"))}"#, data: 7,
            expected: "its bytes end at 8"),
        Malformed(
            "offsets of 2^63-1", #"{"x":\#(entry("F32", "[2]", "[0,9223372036854775807]"))}"#, data: 8,
            expected: "its bytes end at 9223372036854775807"),
        Malformed(
            "offsets beyond 64 bits", #"{"x":\#(entry("F32", "[2]", "[0,92233720368547758080]"))}"#, data: 8,
            expected: "expected data_offsets"),
        Malformed(
            "shape beside range", #"{"x":\#(entry("F32", "[3]", "[0,8]"))}"#, data: 8,
            expected: "takes 12 bytes"),
        Malformed(
            "overflowing shape", #"{"x":\#(entry("F32", "[4294967296,4294967296]", "[0,8]"))}"#, data: 8,
            expected: "too large"),
        Malformed(
            "overlap", #"{"x":\#(entry("F32", "[2]", "[0,8]")),"y":\#(entry("F32", "[1]", "[4,8]"))}"#,
            data: 8,
            expected: "tensor 'y': its bytes overlap"),
        Malformed(
            "gap", #"{"x":\#(entry("F32", "[1]", "[0,4]")),"y":\#(entry("F32", "[1]", "[8,12]"))}"#, data: 12,
            expected: "tensor 'y': a gap precedes"),
        Malformed(
            "bytes at the end", #"{"x":\#(entry("F32", "[1]", "[0,4]"))}"#, data: 5,
            expected: "1 bytes belong to no"),
        Malformed(
            "a name twice", #"{"x":\#(entry("F32", "[1]", "[0,4]")),"x":\#(entry("F32", "[1]", "[4,8]"))}"#,
            data: 8,
            expected: "key 'x' appears twice"),
        Malformed(
            "a name in two compositions",
            "{\"\u{e9}\":\(entry("F32", "[1]", "[0,4]")),\"e\u{301}\":\(entry("F32", "[1]", "[4,8]"))}",
            data: 8,
            expected: "appears twice"),
    ]

    @Test(arguments: malformed) func aMalformedFileIsRefusedByName(_ malformed: Malformed) throws {
        let directory = try TemporaryFolder()
        let path = try directory.write(malformed.bytes, to: "bad.safetensors")
        let failure = try #require(throws: Failure.self) { try SafetensorsFile(path: path) }
        #expect(failure.kind == .data)
        #expect(failure.location?.hasPrefix(path) == true)
        #expect(failure.description.contains(malformed.expected), "\(failure)")
    }

    @Test func everyTruncationOfAFileIsRefused() throws {
        let directory = try TemporaryFolder()
        let whole = try Data(contentsOf: URL(fileURLWithPath: golden("written.safetensors")))
        for count in 0..<whole.count {
            let path = try directory.write(whole.prefix(count), to: "cut")
            #expect(throws: Failure.self, "\(count) bytes") { try SafetensorsFile(path: path) }
        }
    }
}

private func bits(_ values: [Float]) -> [UInt32] { values.map(\.bitPattern) }

private func framed(_ header: String, _ data: Data) -> Data {
    withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { Data($0) } + Data(header.utf8) + data
}
