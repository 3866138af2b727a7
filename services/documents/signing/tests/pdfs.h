#pragma once

#include <string>
#include <vector>

namespace gatehouse::documents {

// A PDF of these objects, the first of which is its root, with a table of where they stand.
// `trailer`: what stands there besides.
std::string PdfOf(const std::vector<std::string>& objects, const std::string& trailer = "");
// One of so many pages, each with a line drawn on it.
std::string Pdf(int pages);
// One whose pages are their own children.
std::string PageLoop();
// One of so many objects beside its page.
std::string ManyObjects(int count);
// One with arrays in arrays, so deep.
std::string DeepArrays(int depth);
// One whose page shows an image that says to be of so many pixels each way.
std::string HugeImage(int pixels);
// One that nobody reads without the user's password.
std::string WithPassword();

}  // namespace gatehouse::documents
