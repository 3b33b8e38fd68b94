-- With every column declared, nothing needs to be found out.
create table songs as
from read_json(
    'data/song_data/**/*.json',
    format = 'newline_delimited',
    columns = {
        num_songs: 'bigint', artist_id: 'varchar', artist_latitude: 'double', artist_longitude: 'double',
        artist_location: 'varchar', artist_name: 'varchar', song_id: 'varchar', title: 'varchar',
        duration: 'decimal(12, 5)', year: 'bigint'
    }
);
create table events as
from read_json(
    'data/log_data/**/*.json',
    format = 'newline_delimited',
    columns = {
        artist: 'varchar', auth: 'varchar', firstName: 'varchar', gender: 'varchar', itemInSession: 'bigint',
        lastName: 'varchar', length: 'decimal(12, 5)', level: 'varchar', location: 'varchar', method: 'varchar',
        page: 'varchar', registration: 'decimal(18, 1)', sessionId: 'bigint', song: 'varchar', status: 'bigint',
        ts: 'bigint', userAgent: 'varchar', userId: 'varchar'
    }
);
