-- As people write it: DuckDB looks at a sample and decides on the columns and their types.
create table songs as from read_json('data/song_data/**/*.json');
create table events as from read_json('data/log_data/**/*.json');
