import Adapters
import Diagnostics
import Encoders
import Exchange
import Formats
import Foundation
import Kernels
import Tasks
import TestSupport
import Testing
import Training

/// The forms that are read again.
extension ExportFormat {
    static let foreign: [ExportFormat] = [.peft, .adapters]

    /// The methods that it has.
    var methods: Set<String> {
        switch self {
        case .merged: []
        case .peft: ["lora", "ia3", "layernorm", "hut"]
        case .adapters: ["houlsby", "pfeiffer", "parallel", "lora", "ia3"]
        }
    }

    /// The folders in `Tests/Golden/exchange` that the software itself wrote.
    static let folders: [String] = {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "\(Golden.folder)/exchange")) ?? []
        return names.filter { $0.hasPrefix("peft-") || $0.hasPrefix("adapters-") }.sorted()
    }()
}

@Suite("Adapters in the forms of PEFT and AdapterHub")
struct ForeignFolderTests {
    private static let written = MethodCase.all.filter { test in
        ExportFormat.foreign.contains { $0.methods.contains(test.method) }
    }

    /// The logits [B, 2] of the tiny batch, of an adapter that was read.
    private func logits(
        _ read: ImportedAdapter, _ tiny: TinyModel, _ output: TaskOutput, labels: [String]? = nil
    ) throws -> [Float] {
        let model = try AdaptedModel(tiny.weights, read.adapter.method, read.head())
        let layout = model.layout(for: output, headOwner: "colour", seed: 1)
        return try read.values(in: layout, for: output, labels: labels).withUnsafeBufferPointer { values in
            values.baseAddress.map {
                model.logits(
                    tiny.batch, BoundParameters(layout, values: $0, gradient: nil), adapted: true, Workspace()
                )
            } ?? []
        }
    }

    @Test(
        "What is written is read again, bit for bit, for every method that the form has",
        arguments: ExportFormat.foreign, [Pooling.pooler, .cls, .mean])
    func roundTrip(form: ExportFormat, pooling: Pooling) throws {
        var returned: Set<String> = []
        for test in Self.written where form.methods.contains(test.method) {
            let scene = try Scene(test.section, pooling: pooling)
            let folder = try TemporaryFolder()
            do {
                try form.write(scene.trained, to: folder.file("adapter"))
            } catch let failure as Failure {
                // A setting that the form lacks is named, and nothing is left behind.
                #expect(
                    failure.kind == .usage && failure.location?.hasPrefix("adapter.") == true, "\(failure)")
                #expect(!FileManager.default.fileExists(atPath: folder.file("adapter")))
                continue
            }
            let read = try ImportedAdapter.read(folder.file("adapter"), on: scene.tiny.weights)
            #expect(read.head() == scene.trained.model.head)
            let values = try read.values(in: scene.trained.layout, for: scene.trained.output)
            #expect(values.map(\.bitPattern) == scene.trained.values.map(\.bitPattern), "\(test)")
            let answers = try logits(read, scene.tiny, scene.trained.output)
            #expect(answers.map(\.bitPattern) == scene.logits.map(\.bitPattern), "\(test)")
            returned.insert(test.method)
        }
        #expect(returned == form.methods)
    }

    @Test(
        "What is written of every head on every family is read again, bit for bit",
        arguments: ExportFormat.foreign, TinyModel.families)
    func families(form: ExportFormat, family: EncoderFamily) throws {
        if form == .adapters, family.classes.adapters == nil { return }
        for head in Scene.heads where family.has(head) {
            for method in form.methods.sorted() {
                // AdapterHub keeps the norms frozen that bottlenecks train by default.
                let isBottleneck = ["houlsby", "pfeiffer", "parallel"].contains(method)
                var section: [(String, JSONValue)] = [("method", .string(method))]
                if method == "hut" {
                    section += [("form", "lowrank"), ("rank", 2), ("scale", false), ("shift", false)]
                }
                if isBottleneck { section.append(("norm", "none")) }
                if !isBottleneck, form == .peft { section.append(("layers", "0,2")) }
                if method == "ia3", form == .adapters { section.append(("feedForward", "intermediate")) }
                let scene = try Scene(.object(section), head, on: family)
                let folder = try TemporaryFolder()
                try form.write(scene.trained, to: folder.file("adapter"))
                let read = try ImportedAdapter.read(folder.file("adapter"), on: scene.tiny.weights)
                #expect(read.head() == head, "\(method)")
                let values = try read.values(in: scene.trained.layout, for: scene.trained.output)
                #expect(
                    values.map(\.bitPattern) == scene.trained.values.map(\.bitPattern),
                    "\(method) \(head.text)")
            }
        }
    }

    @Test("A method that the form lacks is refused by name", arguments: ExportFormat.foreign)
    func refusesMethods(form: ExportFormat) throws {
        for test in MethodCase.all where !form.methods.contains(test.method) {
            let scene = try Scene(test.section, pooling: .cls)
            let folder = try TemporaryFolder()
            let failure = #expect(throws: Failure.self, "\(test)") {
                try form.write(scene.trained, to: folder.file("adapter"))
            }
            #expect(failure?.kind == .usage && failure?.location == "--format", "\(test)")
            #expect(failure?.message.contains(type(of: scene.trained.model.method).name) == true, "\(test)")
            #expect(!FileManager.default.fileExists(atPath: folder.file("adapter")), "\(test)")
        }
    }

    @Test(
        "The encoder's part alone can't be read again", arguments: ExportFormat.foreign, [Pooling.cls, .mean])
    func encoderAlone(form: ExportFormat, pooling: Pooling) throws {
        let scene = try Scene(["method": "lora"], pooling: pooling)
        let folder = try TemporaryFolder()
        try form.write(scene.trained, encoderOnly: true, to: folder.file("adapter"))
        let headless = #expect(throws: Failure.self) {
            try ImportedAdapter.read(folder.file("adapter"), on: scene.tiny.weights)
        }
        #expect(
            headless?.kind == .data && headless?.message.contains("no ") == true,
            "\(String(describing: headless))")
    }

    @Test(
        "Files name the backbone as other software finds it, or else by its path",
        arguments: [(ExportFormat.peft, "base_model_name_or_path"), (.adapters, "model_name")])
    func baseModel(form: ExportFormat, key: String) throws {
        let scene = try Scene(["method": "lora"], pooling: .mean)
        let folder = try TemporaryFolder()
        for (index, name) in ["org/tiny", "org/tiny@v2", "/models/a@b", nil].enumerated() {
            try form.write(
                scene.trained, baseModel: name.map { try BaseModel($0) }, to: folder.file("\(index)"))
            let path = "\(index)/adapter_config.json"
            let configuration = try JSONValue(parsing: try folder.read(path), at: path)
            #expect(
                configuration[key]?.string
                    == ["org/tiny", "org/tiny", name ?? TinyModel.directory][min(index, 2)])
            // PEFT loads this revision of the backbone.
            if form == .peft {
                #expect(configuration["revision"] == (index == 1 ? "v2" : .null))
            }
        }
    }

    @Test("What the software itself saved gives the logits that it gives", arguments: ExportFormat.folders)
    func goldens(name: String) throws {
        let family = TinyModel.families.first { name.contains("-\($0.name)-") } ?? .bert
        let tiny = try TinyModel(family)
        let read = try ImportedAdapter.read("\(Golden.folder)/exchange/\(name)", on: tiny.weights)
        if family != .bert { #expect(read.head() == HeadSettings(of: family.classes.head, dropout: 0)) }
        // AdapterHub's folders name the classes in this order of their rows; PEFT's name none.
        let labels = name.hasPrefix("peft") ? ["cold", "warm"] : nil
        let found = try logits(read, tiny, .classes(["cold", "warm"]), labels: labels)
        let (software, part) = (name.prefix { $0 != "-" }, name.drop { $0 != "-" }.dropFirst())
        let expected = try Golden("exchange/\(software)").floats(String(part))
        // Three layers in float on both sides, their products summed in other orders.
        #expect(mismatch(found, expected, Tolerance(absolute: 1e-5, relative: 1e-5)) == nil)
    }

    @Test("There are folders of every method of both, and of every family")
    func goldensAreThere() {
        for family in TinyModel.families where family != .bert {
            #expect(ExportFormat.folders.contains("peft-\(family.name)-lora"))
            #expect(
                ExportFormat.folders.contains { $0.hasPrefix("adapters-\(family.name)-") }
                    == (family.classes.adapters != nil))
        }
        for form in ExportFormat.foreign {
            for method in form.methods {
                #expect(ExportFormat.folders.contains("\(form.rawValue)-\(method)"))
            }
        }
    }

    @Test("A head whose rows name the task's classes in another order is put in the task's")
    func labelOrder() throws {
        let tiny = try TinyModel()
        let read = try ImportedAdapter.read("\(Golden.folder)/exchange/adapters-pfeiffer", on: tiny.weights)
        func head(_ classes: [ClassLabel], labels: [String]? = nil) throws -> [Float] {
            let output = TaskOutput.classes(classes)
            let model = try AdaptedModel(tiny.weights, read.adapter.method, HeadSettings(pooling: .cls))
            let layout = model.layout(for: output, headOwner: "warmth", seed: 1)
            let values = try read.values(in: layout, for: output, labels: labels)
            return Array(values[try #require(layout[HeadSlice.bias])])
        }
        let asSaved = try head(["cold", "warm"])
        #expect(try head(["warm", "cold"]) == asSaved.reversed())
        let numbered = [ClassLabel("hot", value: "warm"), ClassLabel("cool", value: "cold")]
        #expect(try head(numbered) == asSaved.reversed(), "or their values in data files")
        // Names that are not the task's say nothing of the order, which must then be given.
        let unknown = #expect(throws: Failure.self) { try head(["yes", "no"]) }
        #expect(unknown?.location == "--labels" && unknown?.kind == .usage)
        #expect(unknown?.message.hasPrefix("calls the rows of its head cold, warm") == true)
        #expect(unknown?.remedy?.hasPrefix("give yes,no in the order") == true)
        #expect(try head(["yes", "no"], labels: ["yes", "no"]) == asSaved)
        #expect(try head(["yes", "no"], labels: ["no", "yes"]) == asSaved.reversed())
        let wrong = #expect(throws: Failure.self) { try head(["yes", "no"], labels: ["yes", "maybe"]) }
        #expect(wrong?.message == "names yes, maybe, the task's labels are yes, no")
        let other = #expect(throws: Failure.self) {
            try head(["cold", "warm"], labels: ["warm", "cold"])
        }
        #expect(
            other?.message == "says warm, cold, and the folder names the rows of its head cold, warm")
    }

    @Test("PEFT's folders name no classes, so that their order must be given")
    func unknownOrder() throws {
        let tiny = try TinyModel()
        let read = try ImportedAdapter.read("\(Golden.folder)/exchange/peft-lora", on: tiny.weights)
        let failure = #expect(throws: Failure.self) { try logits(read, tiny, .classes(["cold", "warm"])) }
        #expect(failure?.location == "--labels")
        #expect(failure?.message.hasPrefix("does not name the rows of its head") == true)
    }
}
