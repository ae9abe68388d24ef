import HTTP
import JSON

/// Which part of a list is asked for (lib/gitlab/pagination/offset_header_builder.rb).
struct Page {
    private let number: Int
    private let size: Int
    private let total: Int

    init(_ parameters: Parameters, of total: Int) throws(APIError) {
        var problems: [String] = []
        func count(_ name: String, _ otherwise: Int) -> Int {
            guard parameters.holds(name) else { return otherwise }
            guard let count = Int(parameters.text(name) ?? "") else {
                problems.append(name + " is invalid")
                return otherwise
            }
            return count
        }
        number = max(1, count("page", 1))
        let size = count("per_page", 20)
        self.size = size < 1 ? 20 : min(size, 100)
        self.total = total
        guard problems.isEmpty else { throw .parameters(problems) }
    }

    var range: Range<Int> {
        let start = min(total, (number - 1) * size)
        return start..<min(total, start + size)
    }

    /// The fields of a list at an address that has this in its query besides the page.
    func headers(_ address: String, _ query: [(String, String)]) -> [(name: String, value: String)] {
        let last = max(1, (total + size - 1) / size)
        let next = number < last ? number + 1 : nil
        let previous = number > 1 ? number - 1 : nil
        func link(_ page: Int, _ relation: String) -> String {
            let fields = query + [("page", String(page)), ("per_page", String(size))]
            let text = fields.map { $0 + "=" + HTTPURL.encode($1) }.joined(separator: "&")
            return "<\(address)?\(text)>; rel=\"\(relation)\""
        }
        let links = [
            previous.map { link($0, "prev") }, next.map { link($0, "next") }, link(1, "first"), link(last, "last"),
        ]
        func text(_ page: Int?) -> String { page.map(String.init) ?? "" }
        return [
            ("link", links.compactMap { $0 }.joined(separator: ", ")), ("x-next-page", text(next)),
            ("x-page", String(number)), ("x-per-page", String(size)), ("x-prev-page", text(previous)),
            ("x-total", String(total)), ("x-total-pages", String(last)),
        ]
    }
}
