import com.datastax.driver.core.*;
import com.datastax.driver.core.policies.*;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Writes and reads rows with quorum at a steady rate, and afterwards looks whether every acknowledged write is there.
 * Usage: Load SECONDS RATE ADDRESS...
 */
public final class Load {
  private static final int OUTSTANDING = 256;
  private static final AtomicInteger failed = new AtomicInteger();
  private static final ConcurrentSkipListSet<Integer> acknowledged = new ConcurrentSkipListSet<>();

  public static void main(String[] arguments) throws Exception {
    int seconds = Integer.parseInt(arguments[0]);
    int rate = Integer.parseInt(arguments[1]);
    Cluster.Builder builder = Cluster.builder().withoutJMXReporting().withoutMetrics()
        .withQueryOptions(new QueryOptions().setConsistencyLevel(ConsistencyLevel.QUORUM).setDefaultIdempotence(true))
        // A node that does not answer is passed over.
        .withSocketOptions(new SocketOptions().setReadTimeoutMillis(3000).setConnectTimeoutMillis(3000))
        .withSpeculativeExecutionPolicy(new ConstantSpeculativeExecutionPolicy(300, 2));
    for (int i = 2; i < arguments.length; i++) builder.addContactPoint(arguments[i]);
    try (Cluster cluster = builder.build(); Session session = cluster.connect()) {
      while (cluster.getMetadata().getAllHosts().stream().filter(Host::isUp).count() < arguments.length - 2) Thread.sleep(200);
      make(session, "CREATE KEYSPACE IF NOT EXISTS shop WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 3}");
      make(session, "CREATE TABLE IF NOT EXISTS shop.orders (id int PRIMARY KEY, note text)");
      PreparedStatement write = session.prepare("INSERT INTO shop.orders (id, note) VALUES (?, ?)");
      PreparedStatement read = session.prepare("SELECT note FROM shop.orders WHERE id = ?");
      int written = put(session, write, read, seconds, rate);
      System.out.printf("%d of %d writes acknowledged, %d operations failed%n", acknowledged.size(), written, failed.get());
      int missing = 0;
      for (int id : acknowledged) if (look(session, read, id) == null) missing++;
      System.out.printf("%d acknowledged writes are missing%n", missing);
      if (missing > 0 || acknowledged.isEmpty()) System.exit(1);
    }
  }

  /** The first statements come while the ring may still be busy with itself: they are repeated until they are done. */
  private static void make(Session session, String statement) throws InterruptedException {
    for (int attempt = 1; ; attempt++) {
      try {
        session.execute(new SimpleStatement(statement).setReadTimeoutMillis(30_000));
        return;
      } catch (RuntimeException error) {
        if (attempt == 20) throw error;
        Thread.sleep(500);
      }
    }
  }

  /** One write and one read at a time by the clock, whatever became of those before. */
  private static int put(Session session, PreparedStatement write, PreparedStatement read, int seconds, int rate)
      throws InterruptedException {
    Semaphore free = new Semaphore(OUTSTANDING);
    long start = System.nanoTime();
    int id = 0;
    for (long due = start; due - start < TimeUnit.SECONDS.toNanos(seconds); due += TimeUnit.SECONDS.toNanos(1) / rate) {
      TimeUnit.NANOSECONDS.sleep(due - System.nanoTime());
      int key = id++;
      begin(session, write.bind(key, "order " + key), free, () -> acknowledged.add(key));
      begin(session, read.bind(key / 2), free, () -> {});
      if (id % (rate * 5) == 0) System.out.printf("%d written, %d failed%n", acknowledged.size(), failed.get());
    }
    free.acquire(OUTSTANDING);
    return id;
  }

  private static void begin(Session session, Statement statement, Semaphore free, Runnable done)
      throws InterruptedException {
    free.acquire();
    ResultSetFuture result = session.executeAsync(statement);
    result.addListener(() -> {
      try {
        result.getUninterruptibly();
        done.run();
      } catch (RuntimeException error) {
        failed.incrementAndGet();
      } finally {
        free.release();
      }
    }, Runnable::run);
  }

  /** A node that comes back takes a moment: an answer is waited for, a row is not. */
  private static Row look(Session session, PreparedStatement read, int id) throws InterruptedException {
    for (int attempt = 1; ; attempt++) {
      try {
        return session.execute(read.bind(id)).one();
      } catch (RuntimeException error) {
        if (attempt == 20) throw error;
        Thread.sleep(500);
      }
    }
  }
}
