/// A `String` enumeration in a settings file; failures for unknown values suggest the nearest one.
package protocol NamedChoice: RawRepresentable, CaseIterable, Codable, Sendable where RawValue == String {}

extension NamedChoice {
    package init(from decoder: any Decoder) throws {
        let name: String
        do { name = try decoder.singleValueContainer().decode(String.self) } catch {
            throw Failure.usage(
                "expected one of \(Self.allCases.map(\.rawValue).joined(separator: ", "))"
                    + ((try? FoundValue(from: decoder)).map { ", found \($0)" } ?? ""),
                at: keyPath(decoder.codingPath))
        }
        guard let value = Self(rawValue: name) else {
            throw Failure.usage(
                "unknown value '\(name)'", at: keyPath(decoder.codingPath),
                remedy: decoder.remedy(forValue: name, allowed: Self.allCases.map(\.rawValue)))
        }
        self = value
    }
}
