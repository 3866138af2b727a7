// What taking jobs costs over what waits, and how fast a backlog is drained: JSON on one line.
//   bench_jobs POSTGRES_URL ROWS
#include "services/common/jobs/jobs.h"

#include <atomic>
#include <cstdio>
#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "services/common/base/crypto.h"

namespace gatehouse {
namespace {

const Secret kKey(std::string(32, 'k'));
constexpr int kTakes = 20, kBatch = 64;

void Check(const absl::Status& status) {
  if (status.ok()) return;
  std::fprintf(stderr, "%s\n", status.ToString().c_str());
  std::exit(1);
}

void Run(Postgres& postgres, const std::string& sql) {
  Check(postgres.WriteOne(Rows::OfAll(), [&](Transaction& transaction) -> absl::Status {
    transaction.Exec(sql.c_str());
    return absl::OkStatus();
  }));
}

// Until so many wait, of ten organisations, half of them with a key of their own.
void Fill(Postgres& postgres, int from, int to) {
  const std::string sealed = Hex(Seal(kKey, "bench", "payload"));
  for (int first = from + 1; first <= to; first += 20'000) {
    Run(postgres,
        absl::StrCat("INSERT INTO job (organisation_id, lane, kind, id, payload, order_key) SELECT "
                     "'o' || n % 10, 'a', 'bench', 'bench', '\\x",
                     sealed,
                     "', CASE WHEN n % 2 = 0 THEN 'k' || n ELSE '' END "
                     "FROM generate_series(",
                     first, ", ", std::min(first + 19'999, to), ") AS n"));
  }
}

double TakeMicros(const JobStore& store) {
  std::string organisation;
  const absl::Time start = absl::Now();
  for (int i = 0; i < kTakes; ++i)
    Check(store.Take({.lane = "a", .limit = kBatch}, organisation).status());
  return absl::ToDoubleMicroseconds(absl::Now() - start) / kTakes;
}

int Main(const std::string& url, int rows) {
  const Postgres::Options options = {.url = Secret(url), .schema = "bench_jobs"};
  Check(Migrate(options, WithCommon({})));
  Postgres postgres(options);
  Run(postgres, "TRUNCATE job");
  const JobStore store(postgres, kKey);
  std::printf("{");
  int filled = 0;
  for (int size = 100; size <= rows; size *= 10) {
    Fill(postgres, filled, size);
    filled = size;
    Run(postgres, "ANALYZE job");
    std::printf("\"take %d of %d, us\": %.0f, ", kBatch, size, TakeMicros(store));
    Run(postgres, "UPDATE job SET due_time = now() WHERE attempts > 0");
  }
  std::atomic<int> done = 0;
  const absl::Time start = absl::Now();
  {
    Jobs jobs(postgres, {kKey, {{"a", [&](const Job&, Jobs::Done answer) {
                                   ++done;
                                   answer(absl::OkStatus());
                                 }}}});
    while (done < filled) absl::SleepFor(absl::Milliseconds(10));
  }
  std::printf("\"drained of %d, jobs/s\": %.0f}\n", filled,
              filled / absl::ToDoubleSeconds(absl::Now() - start));
  return 0;
}

}  // namespace
}  // namespace gatehouse

int main(int argc, char** argv) {
  if (argc == 3) return gatehouse::Main(argv[1], std::atoi(argv[2]));
  std::fprintf(stderr, "usage: bench_jobs POSTGRES_URL ROWS\n");
  return 2;
}
