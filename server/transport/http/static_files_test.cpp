#include "transport/http/static_files.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

namespace onhand::http {
namespace {

namespace fs = std::filesystem;

class PageDirectory {
  public:
    PageDirectory() {
        std::string name = (fs::temp_directory_path() / "onhand-page-XXXXXX").string();
        path_ = ::mkdtemp(name.data());
    }
    ~PageDirectory() { fs::remove_all(path_); }
    void write(const std::string& name, const std::string& bytes) const {
        fs::create_directories((path_ / name).parent_path());
        std::ofstream(path_ / name, std::ios::binary) << bytes;
    }
    const fs::path& path() const { return path_; }

  private:
    fs::path path_;
};

TEST(StaticFiles, serves_files_and_the_app) {
    const PageDirectory directory;
    directory.write("index.html", "<html>");
    directory.write("favicon.svg", "<svg>");
    directory.write("assets/app-1.js", "run()");
    directory.write("assets/app-1.js.br", "BR");
    directory.write("assets/app-1.js.gz", "GZ");
    directory.write(".secret", "no");
    directory.write(".vite/manifest.json", "no");
    directory.write("orphan.js.br", "no");
    const auto files = StaticFiles::load(directory.path());
    ASSERT_TRUE(files.has_value());

    ASSERT_NE(files->find("/"), nullptr);
    EXPECT_EQ(files->find("/")->bytes, "<html>");
    EXPECT_EQ(files->find("/orders/new"), files->find("/")) << "a view of the app";
    EXPECT_EQ(files->find("/favicon.svg")->content_type, "image/svg+xml");
    EXPECT_FALSE(files->find("/favicon.svg")->immutable);
    const auto* script = files->find("/assets/app-1.js");
    ASSERT_NE(script, nullptr);
    EXPECT_EQ(script->content_type, "text/javascript; charset=utf-8");
    EXPECT_TRUE(script->immutable);
    for (const auto* path : {"/.secret", "/.vite/manifest.json", "/orphan.js", "/orphan.js.br", "/assets/app-2.js",
                             "/../etc/passwd.txt", "/assets/app-1.js.br", "/etc/hosts.conf"})
        EXPECT_EQ(files->find(path), nullptr) << path;
}

TEST(StaticFiles, picks_the_form_the_client_takes) {
    StaticFile file;
    file.bytes = "plain";
    file.brotli = "BR";
    file.gzip = "GZ";
    file.tag = "t";
    EXPECT_EQ(form_of(file, "gzip, deflate, br").bytes, "BR");
    EXPECT_EQ(form_of(file, "gzip").bytes, "GZ");
    EXPECT_EQ(form_of(file, "gzip").etag, "\"t-gzip\"");
    EXPECT_EQ(form_of(file, "br;q=0, gzip;q=0.5").bytes, "GZ");
    for (const auto* none : {"", "identity", "brx", "xgzip", "br;q=0"}) EXPECT_EQ(form_of(file, none).bytes, "plain");
    EXPECT_EQ(form_of(file, "").etag, "\"t\"");
}

TEST(StaticFiles, compares_etags_weakly) {
    EXPECT_TRUE(matches_etag("\"a\"", "\"a\""));
    EXPECT_TRUE(matches_etag("\"b\", W/\"a\"", "\"a\""));
    EXPECT_TRUE(matches_etag("*", "\"a\""));
    EXPECT_FALSE(matches_etag("\"b\"", "\"a\""));
    EXPECT_FALSE(matches_etag("a", "\"a\""));
    EXPECT_FALSE(matches_etag("", "\"a\""));
}

TEST(StaticFiles, says_when_the_directory_is_missing) {
    const auto files = StaticFiles::load("/nonexistent/page");
    ASSERT_FALSE(files.has_value());
    EXPECT_NE(files.error().detail.find("/nonexistent/page"), std::string::npos);
}

}  // namespace
}  // namespace onhand::http
