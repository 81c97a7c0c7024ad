/*-------------------------------------------------------------------------
 *
 * bare.c
 *	  The least a client can do: fetches pages and throws them away.
 *
 *	  bare URL REQUESTS CONCURRENCY RATE
 *
 * REQUESTS is a file with a line a request: its signature, a tab, its body.
 * CONCURRENCY of them are in flight all the time; request i starts no sooner
 * than i / RATE seconds after the first (0: no limit).  Prints the seconds from
 * the first start to the last byte, and the bytes of all bodies.
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <curl/curl.h>

typedef struct Request
{
	char	   *sign;
	char	   *body;
	CURL	   *easy;
	struct curl_slist *headers;
} Request;

static long long bytes;

static void
die(const char *what, const char *why)
{
	fprintf(stderr, "bare: %s: %s\n", what, why);
	exit(1);
}

static double
now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec + time.tv_nsec / 1e9;
}

static size_t
on_body(char *data, size_t size, size_t n, void *arg)
{
	(void) data;
	(void) arg;
	bytes += size * n;
	return size * n;
}

static Request *
read_requests(const char *name, int *count)
{
	FILE	   *file = fopen(name, "r");
	Request    *requests = NULL;
	char	   *line = NULL;
	size_t		size = 0;

	if (!file)
		die(name, "cannot be read");
	*count = 0;
	while (getline(&line, &size, file) > 0)
	{
		char	   *tab = strchr(line, '\t');

		if (!tab)
			die(name, "a line without a tab");
		*tab = '\0';
		tab[1 + strcspn(tab + 1, "\n")] = '\0';
		requests = realloc(requests, (*count + 1) * sizeof(Request));
		requests[*count].sign = strdup(line);
		requests[*count].body = strdup(tab + 1);
		(*count)++;
	}
	fclose(file);
	return requests;
}

static void
start(CURLM *multi, Request *request, CURL *easy, const char *url)
{
	char		sign[128];

	snprintf(sign, sizeof(sign), "sign: %s", request->sign);
	request->headers = curl_slist_append(NULL, "Content-Type: application/json;charset=UTF-8");
	request->headers = curl_slist_append(request->headers, sign);
	request->headers = curl_slist_append(request->headers, "Expect:");
	request->easy = easy;
	curl_easy_setopt(easy, CURLOPT_URL, url);
	curl_easy_setopt(easy, CURLOPT_PROXY, "");
	curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "");
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, request->headers);
	curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request->body);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(easy, CURLOPT_PRIVATE, request);
	curl_multi_add_handle(multi, easy);
}

/* Takes an ended request's handle back. */
static CURL *
end(CURLM *multi, const CURLMsg *message)
{
	CURL	   *easy = message->easy_handle;
	Request    *request;
	long		status;

	if (message->data.result != CURLE_OK)
		die("request", curl_easy_strerror(message->data.result));
	curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
	if (status != 200)
		die("request", "the status is not 200");
	curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **) &request);
	curl_slist_free_all(request->headers);
	curl_multi_remove_handle(multi, easy);
	return easy;
}

int
main(int argc, char **argv)
{
	CURLM	   *multi;
	CURL	  **idle;
	Request    *requests;
	int			count;
	int			concurrency;
	int			nidle = 0;
	int			started = 0;
	int			ended = 0;
	double		rate;
	double		begin;

	if (argc != 5)
		die("usage", "bare URL REQUESTS CONCURRENCY RATE");
	requests = read_requests(argv[2], &count);
	concurrency = atoi(argv[3]);
	rate = atof(argv[4]);
	curl_global_init(CURL_GLOBAL_DEFAULT);
	multi = curl_multi_init();
	idle = malloc(concurrency * sizeof(CURL *));
	while (nidle < concurrency)
		idle[nidle++] = curl_easy_init();

	begin = now();
	while (ended < count)
	{
		int			timeout = 1000;
		int			running;
		CURLMsg    *message;

		while (started < count && nidle > 0)
		{
			double		wait = rate > 0 ? begin + started / rate - now() : 0;

			if (wait > 0)
			{
				timeout = (int) (wait * 1000) + 1;
				break;
			}
			start(multi, &requests[started++], idle[--nidle], argv[1]);
		}
		curl_multi_perform(multi, &running);
		while ((message = curl_multi_info_read(multi, &running)) != NULL)
		{
			idle[nidle++] = end(multi, message);
			ended++;
			timeout = 0;
		}
		curl_multi_poll(multi, NULL, 0, timeout, NULL);
	}
	printf("%.6f %lld\n", now() - begin, bytes);
	return 0;
}
